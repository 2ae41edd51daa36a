"""`soliloquy cases`: what there is to choose from."""

from collections.abc import Sequence
from typing import Annotated

import typer

from app.commands.errors import told
from app.commands.reading import library_case


@told
def cases(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Print the note of this case, ready to be piped on.")] = None,
) -> None:
    """List the built-in cases, without their answers."""
    if id is not None:
        typer.echo(library_case(id).text)
        return
    from cases.library.library import load_library

    rows = [(row.id, row.difficulty.value, row.specialty, row.note_register.value, row.title) for row in load_library()]
    table(("id", "difficulty", "specialty", "written as", "title"), rows)


def table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell, so that a pipe gets the same as a terminal."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    for row in (heading, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
