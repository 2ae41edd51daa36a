"""`soliloquy export`: what is kept, as a file."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.errors import InputError, told


class Format(StrEnum):
    jsonl = "jsonl"
    csv = "csv"


class Status(StrEnum):
    """The ways a run can stand; the same words as in the record."""

    queued = "queued"
    running = "running"
    finished = "finished"
    cancelled = "cancelled"
    failed = "failed"
    interrupted = "interrupted"


@told
def export(
    format: Annotated[Format, typer.Option("--format", "-f", help="jsonl: everything, one run a line. csv: one hypothesis a row.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE|-", help="The file to write; - writes to standard output.")],
    text: Annotated[str | None, typer.Option("--text", help="Only runs with these words in title, note or diagnoses.")] = None,
    diagnosis: Annotated[str | None, typer.Option("--diagnosis", help="Only runs with these words in the diagnoses.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", "-s", metavar="NAME", help="Only runs of this strategy.")] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only runs that ended like this.")] = None,
) -> None:
    """Write the kept runs to a file, oldest first. The file holds the notes: treat it like the patient's record."""
    from reasoning.strategies import names
    from storage.database import open_database
    from storage.exports import export_csv, export_jsonl
    from storage.values import RunFilter, RunStatus

    if strategy is not None and strategy not in names():
        raise InputError(f"There is no strategy of this name: choose one of {', '.join(names())}.")
    if max(len(text or ""), len(diagnosis or "")) > 1000:
        raise InputError("The words to look for are too long: give at most 1,000 characters.")
    wanted = RunFilter(text=text, diagnosis=diagnosis, strategy=strategy, status=RunStatus(status.value) if status else None)
    database = open_database()
    try:
        write = export_jsonl if format is Format.jsonl else export_csv
        summary = write(database, sys.stdout.buffer if out == "-" else Path(out), wanted)
    finally:
        database.close()
    unit = "run" if format is Format.jsonl else "hypothesis row"
    where = "standard output" if out == "-" else out
    typer.echo(f"Wrote {summary.rows} {unit}{'' if summary.rows == 1 else 's'} to {where} (SHA-256 {summary.sha256}).", err=True)
