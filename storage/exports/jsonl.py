"""JSON Lines: one run a line, with everything that is kept about it, and back."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from storage.database import Database
from storage.errors import StorageError
from storage.exports.files import ExportSummary, write_export
from storage.records.history import run_ids
from storage.records.loading import load_run
from storage.values import RunFilter, StoredRun


class ExportLine(BaseModel):
    """One line. `schema_version` goes up when a reader of the old lines could misread a new one."""

    # "strings": JSON has no word for infinity, and a null would not come back as what it was.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    schema_version: Literal[1] = 1
    run: StoredRun


def export_jsonl(database: Database, out: Path | BinaryIO, filter: RunFilter | None = None) -> ExportSummary:
    """Write the matching runs, oldest first, one at a time.

    Raises StorageError.
    """
    return write_export(out, (ExportLine(run=run).model_dump_json().encode() + b"\n" for run in runs(database, filter)))


def read_jsonl(source: Path | Iterable[bytes]) -> Iterator[StoredRun]:
    """The runs of an export, one at a time.

    Raises StorageError that names the line that cannot be read.
    """
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise StorageError(f"{source} cannot be read ({(error.strerror or 'error').lower()}): check the path.") from None
        with file:
            yield from read_jsonl(file)
        return
    for number, line in enumerate(source, start=1):
        try:
            yield ExportLine.model_validate_json(line).run
        except ValidationError:
            raise StorageError(f"Line {number} is not a run exported by this version of Soliloquy: export the runs again.") from None


def runs(database: Database, filter: RunFilter | None) -> Iterator[StoredRun]:
    """The matching runs, oldest first; each is read when it is asked for, so memory holds one."""
    for id in run_ids(database, filter):
        run = load_run(database, id)
        if run is not None:
            yield run
