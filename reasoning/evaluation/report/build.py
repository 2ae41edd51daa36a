"""Draws the report of an evaluation's folder: summary.json, report.md and report.html, each put in place whole."""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reasoning.evaluation.report import plots, tables, words
from reasoning.evaluation.report.paper import SOURCE, column_of
from reasoning.evaluation.report.summary import summarise
from reasoning.evaluation.suite.errors import SuiteError
from reasoning.evaluation.suite.folder import Kept, read_folder
from reasoning.evaluation.suite.record import Record

SUMMARY, MARKDOWN, PAGE = "summary.json", "report.md", "report.html"
_KINDS = {
    "options": "multiple choice",
    "diagnosis": "free-form diagnosis",
    "differential": "free form against the experts' differential",
}


def build_report(folder: Path, with_cases: bool = False) -> dict[str, Any]:
    """The summary, after writing it and both reports. Without `with_cases` no case text is in them. Raises SuiteError."""
    kept = read_folder(folder)
    if not kept.records:
        raise SuiteError(f"There is no answer in {folder} yet: run `soliloquy evaluate` first.")
    summary = summarise(kept)
    given = {
        "summary": summary,
        "tables": _tables(summary),
        "kinds": ", ".join(f"{n:,} {_KINDS[kind]}" for kind, n in summary["kinds"].items()),
        "terms": terms(),
        "paper_source": SOURCE,
    }
    page = _environment(escape=True).get_template("report.html.jinja")
    _write(folder / SUMMARY, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    _write(folder / MARKDOWN, _environment(escape=False).get_template("report.md.jinja").render(**given) + "\n")
    _write(
        folder / PAGE,
        page.render(
            **given,
            plots={name: getattr(plots, name)(summary) for name in ("accuracy", "curve", "votes", "difficulty", "calibration")},
            best=_best(summary),
            comparable=column_of(summary["plan"]["dataset"]) is not None,
            cases=_cases(kept) if with_cases else [],
            style=Path(__file__).with_name("report.css").read_text("utf-8"),
            percent=words.percent,
            interval=words.interval,
        ),
    )
    return summary


def terms() -> list[dict[str, str]]:
    """What every figure means, in order."""
    rows: list[dict[str, str]] = tomllib.loads(Path(__file__).with_name("terms.toml").read_text("utf-8"))["term"]
    return rows


def _tables(summary: Mapping[str, Any]) -> dict[str, Any]:
    names = ("results", "comparisons", "costs", "scaling", "votes", "difficulty", "grounds", "calibration", "calibration_errors", "paper")
    return {name: getattr(tables, name)(summary) for name in names}


def _environment(escape: bool) -> Environment:
    """Templates for a page escape all they are given; those for Markdown take line breaks and bars out of cells."""
    loader = PackageLoader("reasoning.evaluation.report", "")
    environment = Environment(loader=loader, autoescape=escape, undefined=StrictUndefined, keep_trailing_newline=False)
    environment.filters["line"] = _line
    return environment


def _line(text: object) -> str:
    """Untrusted words as part of a line of Markdown: no markup, no cell border, no line break."""
    escaped = " ".join(str(text).split()).replace("\\", "\\\\").replace("<", "&lt;")
    for mark in "|`*_[]":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


def _best(summary: Mapping[str, Any]) -> Mapping[str, Any] | None:
    rows: Sequence[Mapping[str, Any]] = [arm for arm in summary["arms"] if arm["exactly"] is None]
    return max(rows, key=lambda arm: arm["right"]["value"], default=None)


def _cases(kept: Kept) -> list[dict[str, Any]]:
    """Every case with what each arm was asked, thought and answered; all of it untrusted."""
    titles = {arm["label"]: arm["title"] for arm in kept.plan.arms}
    cases: dict[str, list[Record]] = {}
    for record in kept.records:
        cases.setdefault(record.case, []).append(record)
    return [
        {
            "name": case,
            "gold": _gold(rows[0]),
            "records": [
                {"title": titles[r.arm], "right": r.right, "said": r.choice or r.first, "prompt": r.prompt, "samples": r.samples}
                for r in rows
            ],
        }
        for case, rows in cases.items()
    ]


def _gold(record: Record) -> str:
    return (record.truth.answer if record.truth.kind == "options" else record.truth.diagnosis) or ", ".join(record.truth.acceptable)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, path)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SuiteError(f"{path} cannot be written ({reason}): make room, or allow writing there.") from None
