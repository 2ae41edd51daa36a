"""The notes of any table, with the diagnoses that its rows name: for work that needs no question and nothing that is right."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cases.benchmarks.errors import BenchmarkError, UnusableRow, WrongFormat
from cases.benchmarks.item import BenchmarkItem
from cases.benchmarks.registry import DATASETS, Benchmark, read_benchmark
from cases.benchmarks.rows import Row, read_rows
from cases.case import CaseError, read_case

TABLES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")
"""Endings of files with many notes; every other file is one note."""


@dataclass(frozen=True)
class SourceNote:
    """A note and the diagnoses that its row names, each under all its names; none where the row has no diagnosis."""

    id: str
    text: str
    diagnoses: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Notes:
    """What was read, as which data set (None for plain columns), and the rows that could not be used."""

    rows: tuple[SourceNote, ...]
    dataset: str | None = None
    left_out: tuple[UnusableRow, ...] = ()


def read_notes(file: Path, column: str | None = None, limit: int | None = None) -> Notes:
    """The notes of a table: of a published data set as its reader reads it, else of `text` or `vignette`, or of the given column.

    Raises WrongFormat when the table has no such column or cannot be read, UnusableRow when no row holds a note.
    """
    known = _published(file, limit) if column is None else None
    if known is not None:
        return Notes(tuple(map(_of_item, known.items)), known.name, known.left_out)
    rows: list[SourceNote] = []
    left_out: list[UnusableRow] = []
    for read in _plain(file, column):
        if limit is not None and len(rows) >= limit:
            break
        if isinstance(read, UnusableRow):
            left_out.append(read)
        else:
            rows.append(read)
    if not rows:
        raise left_out[0] if left_out else WrongFormat(file.name, "", "there is no case in this file.")
    return Notes(tuple(rows), None, tuple(left_out))


def _published(file: Path, limit: int | None) -> Benchmark | None:
    """The file as the first data set whose format it has. Own tables have none: a note without an answer is a note too."""
    for dataset in DATASETS.values():
        if dataset.item is not None and dataset.name != "own":
            try:
                return read_benchmark(dataset.name, file, limit)
            except BenchmarkError:
                continue
    return None


def _of_item(item: BenchmarkItem) -> SourceNote:
    gold = ((item.diagnosis, *item.synonyms),) if item.diagnosis else tuple((name,) for name in item.acceptable)
    return SourceNote(item.id, item.text, gold)


def _plain(file: Path, column: str | None) -> Iterator[SourceNote | UnusableRow]:
    for row in read_rows(file):
        try:
            yield _of_row(row, column)
        except UnusableRow as error:
            yield error


def _of_row(row: Row, column: str | None) -> SourceNote:
    names = (column,) if column is not None else ("text", "vignette")
    if not any(name in row.values for name in names):
        wanted = " or ".join(f"`{name}`" for name in names)
        raise row.wrong_format(f"there is no column {wanted}: name the one that holds the note; there are {', '.join(row.values)}.")
    try:
        text = read_case(row.required(*names)).text
    except UnusableRow:
        raise
    except CaseError as error:
        raise row.unusable(str(error)) from None
    gold = row.optional("diagnosis", "gold")
    return SourceNote(
        row.optional("id", "case_id") or str(row.number), text, ((gold, *row.several("synonyms")),) if gold is not None else ()
    )
