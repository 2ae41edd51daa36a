"""Rows of a benchmark file, whatever it is written in: JSON lines, JSON (records or columns), CSV, TSV or an Excel sheet."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.benchmarks.errors import UnusableRow, WrongFormat
from cases.benchmarks.spreadsheet import first_sheet

MOST_BYTES = 500_000_000
# The library's own limit, 128 kB a field, is less than some explanations of published sets have.
csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Row:
    """One row of a file with the words to find it again; `number` counts rows from 1."""

    values: Mapping[str, Any]
    file: str
    place: str
    number: int

    def wrong_format(self, problem: str) -> WrongFormat:
        return WrongFormat(self.file, self.place, problem)

    def unusable(self, problem: str) -> UnusableRow:
        return UnusableRow(self.file, self.place, problem)

    def optional(self, *names: str) -> str | None:
        """The text of the first of these columns that holds any. Raises WrongFormat for a list or an object."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, list | dict):
                raise self.wrong_format(f"`{name}` should be text, not a list or an object.")
            if value is None or (isinstance(value, float) and math.isnan(value)):
                continue
            if text := str(value).strip():
                return text
        return None

    def required(self, *names: str) -> str:
        """The text of a column that must be there. Raises WrongFormat when it is missing, UnusableRow when it is empty."""
        if not any(name in self.values for name in names):
            columns = " or ".join(f"`{name}`" for name in names)
            raise self.wrong_format(f"there is no column {columns}: check that this is the file of the data set that was named.")
        text = self.optional(*names)
        if text is None:
            raise self.unusable(f"`{names[0]}` is empty: fill it in, or take the row out.")
        return text

    def several(self, *names: str) -> tuple[str, ...]:
        """The texts of a column that holds a list, or one text whose parts stand between bars (`a | b`)."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, list):
                return tuple(str(part).strip() for part in value if str(part).strip())
            if text := self.optional(name):
                return tuple(part.strip() for part in text.split("|") if part.strip())
        return ()


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file in order. Raises WrongFormat naming the line, entry or sheet row."""
    readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json, ".csv": _csv, ".tsv": _csv, ".xlsx": _excel}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WrongFormat(path.name, "", f"this kind of file is not read: give one that ends in {', '.join(readers)}.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WrongFormat(path.name, "", "the file is larger than 500 MB: give a part of it.")
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise WrongFormat(path.name, "", f"the file cannot be read ({reason}): check the path.") from None
    for number, (place, values) in enumerate(reader(path, content), 1):
        yield Row(values, path.name, place, number)


Placed = Iterator[tuple[str, Mapping[str, Any]]]


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongFormat(path.name, "", "this is not UTF-8 text: save it as UTF-8 and try again.") from None


def _json_lines(path: Path, content: bytes) -> Placed:
    # Not splitlines: it also cuts at separators that JSON allows inside a text, such as U+2028.
    for number, line in enumerate(_decoded(path, content).split("\n"), 1):
        if line.strip():
            yield f"line {number}", _object(path, f"line {number}", line)


def _object(path: Path, place: str, line: str) -> Mapping[str, Any]:
    try:
        values = json.loads(line)
    except json.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise WrongFormat(path.name, place, "this is not a JSON object: write one object a line, or name the file .json.")
    return values


def _json(path: Path, content: bytes) -> Placed:
    """A list of records, or pandas' columns: `{"question": {"0": …}, "answer": {"0": …}}`."""
    try:
        document = json.loads(_decoded(path, content))
    except json.JSONDecodeError as error:
        raise WrongFormat(path.name, f"line {error.lineno}", "this is not JSON: if each line is an object, name the file .jsonl.") from None
    if isinstance(document, list) and all(isinstance(entry, dict) for entry in document):
        for number, entry in enumerate(document, 1):
            yield f"entry {number}", entry
    elif isinstance(document, dict) and document and all(isinstance(column, dict) for column in document.values()):
        for key in next(iter(document.values())):
            yield f"entry {key}", {name: column.get(key) for name, column in document.items()}
    else:
        raise WrongFormat(path.name, "", "this JSON is neither a list of records nor a table of columns.")


def _csv(path: Path, content: bytes) -> Placed:
    reader = csv.DictReader(io.StringIO(_decoded(path, content), newline=""), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    try:
        if not reader.fieldnames:
            raise WrongFormat(path.name, "", "the file is empty: its first line should name the columns.")
        first = reader.line_num + 1
        for values in reader:
            yield f"line {first}", {name: value for name, value in values.items() if name}
            first = reader.line_num + 1
    except csv.Error as error:
        raise WrongFormat(path.name, f"line {reader.line_num}", f"this is not readable as a table ({error}).") from None


def _excel(path: Path, content: bytes) -> Placed:
    try:
        rows = first_sheet(content)
    except ValueError as error:
        raise WrongFormat(path.name, "", f"{error}: save it as .xlsx or .csv again.") from None
    header = rows[0][1] if rows else []
    for number, cells in rows[1:]:
        yield f"row {number}", {name: value for name, value in zip(header, cells, strict=False) if name}
