"""Writes the demonstration model's card from measured figures: nothing in its tables is typed by hand."""

import json
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from cases.knowledge import load_knowledge

_TITLES = {
    "vanilla": "Direct answer",
    "cot": "Chain of thought",
    "longstep": "LongStep (adapter)",
    "longmonolog": "LongMonolog (adapter)",
    "majority_vote": "Majority vote",
}


def _percent(row: dict[str, Any], name: str) -> str:
    low, high = row[f"{name}_interval"]
    return f"{100 * row[name]:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table of figures, one row a strategy or baseline; percentages with 95 % Wilson intervals."""
    lines = ["| method | n | top-1, % | top-3, % | tokens a case | evidence verbatim | trace verbatim |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        title = _TITLES.get(row["strategy"], row["strategy"])
        if parameters := row.get("parameters"):
            title += f", {parameters['samples']} × {parameters['inner']}, T {parameters['temperature']}"
        tokens = f"{row['thinking_tokens'] + row['answer_tokens']:.0f}" if "answer_tokens" in row else "–"
        verbatim = " | ".join(_share(row.get(name)) for name in ("evidence_verbatim", "trace_quotations_verbatim"))
        lines.append(f"| {title} | {row['n']} | {_percent(row, 'top1')} | {_percent(row, 'top3')} | {tokens} | {verbatim} |")
    return "\n".join(lines)


def against_phrases(rows: list[dict[str, Any]]) -> str:
    """One sentence: how the direct answer and the best strategy stand to naive Bayes over matched phrases; empty without that row."""
    places = {row["strategy"]: row for row in rows}
    baseline = places.get("naive Bayes over matched phrases")
    strategies = [row for row in rows if row["strategy"] in _TITLES]
    if baseline is None or not strategies:
        return ""

    def lead(row: dict[str, Any]) -> str:
        return f"{100 * (row['top1'] - baseline['top1']):+.1f} points top-1, {100 * (row['top3'] - baseline['top3']):+.1f} top-3"

    best = max(strategies, key=lambda row: row["top1"])
    text = f"Against naive Bayes over matched phrases, {_TITLES[best['strategy']].lower()} (the best here) stands at {lead(best)}"
    direct = places.get("vanilla")
    return f"{text}; the direct answer at {lead(direct)}." if direct is not None and direct is not best else f"{text}."


def _sittings(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of a base's training: the last one, and those it was started from."""
    return [record, *(_sittings(record["started_from"]) if record.get("started_from") else [])]


def write_card(folder: Path, figures: dict[str, list[dict[str, Any]]]) -> None:
    """README.md of the model folder, from card.md, the training records and the figures by data set."""
    template = Template(resources.files("reasoning.training").joinpath("card.md").read_text("utf-8"))
    record = json.loads((folder / "base" / "training.json").read_text("utf-8"))
    sizes = [f"{path.parent.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(folder.glob("*/*.safetensors"))]
    titles = {
        "heldout": "Generated cases of the held-out split",
        "typed": "Vignettes as clinicians type them, written by people, never trained on",
    }
    knowledge = load_knowledge()
    text = template.substitute(
        conditions=len(knowledge.conditions),
        findings=len(knowledge.findings),
        pieces=f"{json.loads((folder / 'base' / 'config.json').read_text('utf-8'))['vocab_size']:,}",
        width=record["width"],
        layers=record["layers"],
        tokens=f"{record['tokens'] / 1e6:.1f}",
        minutes=f"{sum(each['minutes'] for each in _sittings(record)):.0f}",
        sizes=", ".join(sizes),
        tables="\n\n".join(f"### {titles.get(name, name)}\n\n{table(rows)}\n\n{against_phrases(rows)}" for name, rows in figures.items()),
    )
    (folder / "README.md").write_text(text, "utf-8")
