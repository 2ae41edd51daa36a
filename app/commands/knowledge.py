"""`soliloquy knowledge`: whether the knowledge base is sound, and what it misses in real notes."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.errors import FAILURE, InputError, fail, told
from app.commands.reading import read_note

if TYPE_CHECKING:
    from cases.benchmarks.notes import Notes
    from cases.knowledge import Knowledge
    from reasoning.coverage import Coverage

knowledge = typer.Typer(help="Check the knowledge base, and measure what it covers.", no_args_is_help=True)

REGISTERS = ("clinical", "lay", "abbreviation", "measured")


@knowledge.callback()
def _group() -> None:
    """Check the knowledge base, and measure what it covers."""


@knowledge.command()
@told
def check() -> None:
    """Say what contradicts itself in the knowledge files, and count what they hold. Exit code 1 when something does."""
    loaded = _loaded()
    problems = loaded.problems()
    conditions = Counter(condition.specialty for condition in loaded.conditions.values())
    dangers = sum(condition.cannot_miss for condition in loaded.conditions.values())
    typer.echo(f"{len(loaded.conditions)} conditions, {dangers} of them can't-miss")
    _columns([("specialty", "conditions"), *((name, str(number)) for name, number in sorted(conditions.items()))])
    typer.echo(f"\n{len(loaded.findings)} findings and their wordings")
    _columns(_wordings(loaded))
    typer.echo(f"\n{len(problems)} {'problem' if len(problems) == 1 else 'problems'}")
    for problem in problems:
        typer.echo(f"  {problem}")
    if problems:
        raise typer.Exit(FAILURE)


@knowledge.command()
@told
def coverage(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A text file with one note, or JSONL, JSON, CSV, TSV or XLSX with one a row; - reads a note."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="Read only the first N notes.", min=1)] = None,
    column: Annotated[str | None, typer.Option("--csv", metavar="COLUMN", help="The column of a table that holds the note.")] = None,
    notes: Annotated[int, typer.Option("--notes", metavar="N", help="How many notes to print with their marks.", min=0)] = 3,
    rows: Annotated[int, typer.Option("--rows", metavar="N", help="How many rows a table of misses has.", min=1)] = 25,
) -> None:
    """Show which findings real notes state or deny, and which of their words no finding covers.

    Words of background clauses and words that state nothing by themselves do not count as missing. Nothing is kept.
    """
    from app.commands.coverage_report import print_coverage
    from reasoning.coverage import cover_all

    loaded = _loaded()
    given = _notes(file, column, limit)
    covered = cover_all(given.rows, loaded)
    if given.left_out:
        rows_left = "1 row" if len(given.left_out) == 1 else f"{len(given.left_out)} rows"
        typer.echo(f"{rows_left} could not be used; the first: {given.left_out[0]}", err=True)
    if as_json:
        typer.echo(json.dumps(_document(covered, given), ensure_ascii=False, indent=2))
    else:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal that knows no "µ" gets a question mark rather than an error
        print_coverage(covered, [note.text for note in given.rows], notes, rows)


def _loaded() -> "Knowledge":
    from cases.knowledge import load_knowledge
    from cases.knowledge.knowledge import KnowledgeError

    try:
        return load_knowledge()
    except KnowledgeError as error:
        fail(f"The knowledge base cannot be read: {error}")


def _notes(file: str, column: str | None, limit: int | None) -> "Notes":
    from cases.benchmarks.notes import TABLES, Notes, SourceNote, read_notes

    if file != "-" and Path(file).suffix.lower() in TABLES:
        return read_notes(Path(file), column, limit)
    if column is not None:
        raise InputError(f"A text file has no columns: leave --csv out, or give a file that ends in {', '.join(TABLES)}.")
    return Notes((SourceNote("note" if file == "-" else Path(file).stem, read_note(file, None).text),))


def _wordings(loaded: "Knowledge") -> list[tuple[str, ...]]:
    """A row for each kind of finding: wordings by register, those that deny, and the sums."""
    counts: dict[str, Counter[str]] = {}
    for finding in loaded.findings.values():
        row = counts.setdefault(finding.kind.value, Counter())
        row["findings"] += 1
        row["denied"] += len(finding.negated.all())
        for register in REGISTERS:
            row[register] += len(getattr(finding.phrasings, register))
    columns = ("findings", *REGISTERS, "denied")
    counts["all"] = sum(counts.values(), Counter())
    return [("kind", *columns), *((kind, *(str(row[column]) for column in columns)) for kind, row in counts.items())]


def _document(covered: "Coverage", given: "Notes") -> dict[str, Any]:
    """The coverage as plain data; offsets count characters of the note as it was cleaned (line ends, control characters)."""
    document = asdict(covered)
    for note, source in zip(document["notes"], given.rows, strict=True):
        note["text"] = source.text
        note["uncovered"] = [{"word": word["text"], "start": word["start"], "end": word["end"]} for word in note["uncovered"]]
    total = {key: value for key, value in document.items() if key != "notes"}
    total["unknown_diagnoses"] = [{"diagnosis": name, "notes": number} for name, number in covered.unknown_diagnoses]
    return {"dataset": given.dataset, "left_out": len(given.left_out), "total": total, "notes": document["notes"]}


def _columns(rows: list[tuple[str, ...]]) -> None:
    """A table whose first column is text and the others are figures; a pipe gets the same as a terminal."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for first, *figures in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))]
        typer.echo("  " + "  ".join(cells))
