"""Where the note comes from: a file, standard input or the library. Never more of it than a case may have."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from app.commands.errors import InputError

if TYPE_CHECKING:
    from cases.case import Case

MOST_BYTES = 1_000_000
"""Far more than a case of the longest allowed text in any script; what is larger is not read to its end."""


def read_note(file: str, library: str | None) -> "Case":
    """The case. Raises InputError and CaseError; neither repeats the text, nor an argument that may be the note itself."""
    if library is not None:
        return library_case(library)
    from cases.case import read_case

    return read_case(_from_stdin() if file == "-" else _from_file(file))


def library_case(id: str) -> "Case":
    """A vignette of the library. Raises InputError."""
    from cases.library.library import load_library, to_case

    for row in load_library():
        if row.id == id:
            return to_case(row)
    raise InputError("There is no such case in the library: `soliloquy cases` lists them.")


def _from_stdin() -> bytes:
    if sys.stdin is None:
        raise InputError("There is no standard input: give a file.")
    if sys.stdin.isatty():
        typer.echo("Paste the case, then press Enter and Ctrl-D.", err=True)
    return _bounded(sys.stdin.buffer)


def _from_file(name: str) -> bytes:
    try:
        path = Path(name)
        if path.is_dir():
            raise InputError("This is a folder: give a text file with one case.")
        with path.open("rb") as file:
            return _bounded(file)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = (getattr(error, "strerror", None) or "not a file name").lower()
        hint = "give the path of a text file, or - to read the note itself from standard input"
        raise InputError(f"The file cannot be read ({reason}): {hint}.") from None


def _bounded(file: BinaryIO) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError("The note is larger than 1 MB: give the part that matters for the diagnosis.")
    return content
