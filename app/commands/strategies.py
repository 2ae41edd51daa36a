"""`soliloquy strategies`: what there is to choose from, and what each one takes."""

from typing import Annotated

import typer

from app.commands.errors import told
from app.commands.lists import table


@told
def strategies(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Describe this strategy and its parameters.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as docs/strategies.md holds it.")] = False,
) -> None:
    """List the strategies: one a line, its name first."""
    from reasoning.strategies.listing import described, markdown_table, rows

    if name is not None:
        typer.echo(described(name))
    elif markdown:
        typer.echo(markdown_table())
    else:
        table(("name", "family", "what it does", "cost in tokens", "source"), rows())
