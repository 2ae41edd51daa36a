"""`soliloquy cases` and `soliloquy models`: what there is to choose from."""

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
    _table(("id", "difficulty", "specialty", "written as", "title"), rows)


@told
def models() -> None:
    """List the models known by name. Any other Hugging Face model works by folder or hub id."""
    from app.models import shipped
    from reasoning.own_adapters import own_adapters
    from reasoning.presets import presets
    from storage.settings import read_settings

    rows, home = [], read_settings().home
    for name, preset in presets().items():
        where = preset.hub or ("comes with Soliloquy" if shipped(preset) else "not in this installation")
        size = f"{preset.parameters_billion:g} B" if preset.parameters_billion >= 1 else f"{preset.parameters_billion * 1000:g} M"
        own = own_adapters(home, name)
        adapters = ", ".join(f"{strategy} (yours)" if strategy in own else strategy for strategy in sorted({*preset.adapters, *own}))
        licence = preset.licence or "see its card"
        rows.append((name, size, f"{preset.memory_gb:g} GB", f"{preset.context:,}", licence, where, adapters or "none"))
    _table(("name", "parameters", "memory in 4 bits (estimate)", "context", "licence", "where", "adapters"), rows)


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell, so that a pipe gets the same as a terminal."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    for row in (heading, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
