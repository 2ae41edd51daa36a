"""`soliloquy database`: looking after what is kept."""

import typer

from app.commands.errors import told

database = typer.Typer(help="Look after the database.", no_args_is_help=True)


@database.callback()
def _group() -> None:
    """Look after the database."""


@database.command()
@told
def upgrade() -> None:
    """Create the database, or bring it to this version; an older one is copied first."""
    from storage.database import open_database

    opened = open_database()
    opened.close()
    typer.echo(f"The database is ready: {opened.path}")
