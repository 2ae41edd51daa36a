"""CSV for spreadsheets: one hypothesis a row, safe to open."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from reasoning.differential import Differential, Hypothesis, Quotation
from storage.database import Database
from storage.exports.files import ExportSummary, write_export
from storage.exports.jsonl import runs
from storage.values import RunFilter, StoredRun, current_feedback

Cell = str | int | float | bool | datetime | None

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_csv(database: Database, out: Path | BinaryIO, filter: RunFilter | None = None) -> ExportSummary:
    """Write one row for every hypothesis of the matching runs, oldest run first. A run without a result has no row.

    Raises StorageError.
    """
    # The byte order mark tells Excel that this is UTF-8.
    heading = codecs.BOM_UTF8 + _line([*_RUN_COLUMNS, *_HYPOTHESIS_COLUMNS, *_RESULT_COLUMNS])
    return write_export(out, _rows(database, filter), heading)


def _quotes(quotations: tuple[Quotation, ...]) -> str:
    return " | ".join(each.quote if each.verified else f"{each.quote} [not found in the note]" for each in quotations)


def _verdicts(run: StoredRun, hypothesis: Hypothesis) -> str:
    said = [entry.verdict for entry in current_feedback(run.feedback) if entry.diagnosis == hypothesis.diagnosis]
    return " | ".join(verdict for verdict in said if verdict is not None)


_RUN_COLUMNS: dict[str, Callable[[StoredRun], Cell]] = {
    "run_id": lambda run: run.id,
    "created_at": lambda run: run.created_at,
    "finished_at": lambda run: run.finished_at,
    "run_status": lambda run: run.status,
    "case_id": lambda run: run.case.id,
    "case_title": lambda run: run.case.title,
    "case_origin": lambda run: run.case.origin,
    "gold": lambda run: run.case.gold,
    "strategy": lambda run: run.strategy,
    "seed": lambda run: run.seed,
    "model": lambda run: run.card.id,
    "quantization": lambda run: run.card.quantization,
    "demonstration_model": lambda run: run.card.demonstration,
    "tuned": lambda run: run.tuned,
    "prompt_sha256": lambda run: run.prompt_sha256,
    "app_version": lambda run: run.app_version,
}

_HYPOTHESIS_COLUMNS: dict[str, Callable[[StoredRun, Hypothesis], Cell]] = {
    "rank": lambda run, it: it.rank,
    "diagnosis": lambda run, it: it.diagnosis,
    "icd10": lambda run, it: it.icd10,
    "status": lambda run, it: it.status,
    "likelihood": lambda run, it: it.likelihood,
    "likelihood_low_percent": lambda run, it: it.likelihood.band[0],
    "likelihood_high_percent": lambda run, it: it.likelihood.band[1],
    "likelihood_source": lambda run, it: it.likelihood_source,
    "votes_first": lambda run, it: None if it.votes is None else it.votes.first,
    "votes_listed": lambda run, it: None if it.votes is None else it.votes.listed,
    "votes_samples": lambda run, it: None if it.votes is None else it.votes.samples,
    "cannot_miss": lambda run, it: it.cannot_miss,
    "cannot_miss_source": lambda run, it: it.cannot_miss_source,
    "supporting": lambda run, it: _quotes(it.supporting),
    "refuting": lambda run, it: _quotes(it.refuting),
    "missing": lambda run, it: " | ".join(it.missing),
    "settling_test": lambda run, it: it.settling_test,
    "verdicts": _verdicts,
}

_RESULT_COLUMNS: dict[str, Callable[[Differential], Cell]] = {
    "unexplained": lambda result: _quotes(result.unexplained),
    "next_step": lambda result: result.next_step,
}


def _rows(database: Database, filter: RunFilter | None) -> Iterator[bytes]:
    for run in runs(database, filter):
        if run.differential is None:
            continue
        about_run: list[Cell] = [cell(run) for cell in _RUN_COLUMNS.values()]
        about_result: list[Cell] = [cell(run.differential) for cell in _RESULT_COLUMNS.values()]
        for hypothesis in run.differential.hypotheses:
            about_hypothesis: list[Cell] = [cell(run, hypothesis) for cell in _HYPOTHESIS_COLUMNS.values()]
            yield _line(about_run + about_hypothesis + about_result)


def _line(cells: list[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_written(cell) for cell in cells])
    return text.getvalue().encode("utf-8")


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case str():
            return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell
    return str(cell)
