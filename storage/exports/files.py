"""Where an export goes: a file that appears whole or not at all, or a stream that the caller owns."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from storage.errors import explained


class ExportSummary(BaseModel):
    """What was written: rows without the heading, and the SHA-256 of the bytes."""

    model_config = ConfigDict(frozen=True)

    rows: int
    sha256: str


def write_export(out: Path | BinaryIO, lines: Iterator[bytes], heading: bytes = b"") -> ExportSummary:
    """Write the lines to a path, atomically, or to a stream.

    Raises StorageError when the path cannot be written or the disk is full.
    """
    digest, rows = hashlib.sha256(heading), 0
    with _destination(out) as write:
        write(heading)
        for line in lines:
            write(line)
            digest.update(line)
            rows += 1
    return ExportSummary(rows=rows, sha256=digest.hexdigest())


@contextmanager
def _destination(out: Path | BinaryIO) -> Iterator[Callable[[bytes], object]]:
    if not isinstance(out, Path):
        with explained("The export"):
            yield out.write
        return
    # The temporary file stands beside the target: a rename between two disks is not atomic. It is private from the first byte.
    with explained(str(out)), NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        try:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(file.name, out)
        except BaseException:
            # On a full disk closing fails as well, and must not keep the remains from being removed.
            with suppress(OSError):
                file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
