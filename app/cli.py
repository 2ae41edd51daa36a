"""The `soliloquy` command."""

from typing import Annotated

import typer

from app.commands.database import database
from app.commands.doctor import doctor
from app.commands.evaluate import evaluate, report
from app.commands.export import export
from app.commands.faithfulness import faithfulness
from app.commands.journey import journey
from app.commands.knowledge import knowledge
from app.commands.lists import cases
from app.commands.models import models
from app.commands.reason import reason
from app.commands.serve import serve
from app.commands.strategies import strategies
from app.commands.train import train

cli = typer.Typer(
    name="soliloquy",
    help="A clinical reasoning workbench that thinks aloud. Decision support and teaching for professionals; it does not diagnose.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from app.version import app_version

        typer.echo(f"soliloquy {app_version() or '(not installed)'}")
        raise typer.Exit


@cli.callback()
def _group(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")] = False,
) -> None: ...


for panel, commands in {
    "Use": (serve, reason, cases, strategies, export),
    "Look after": (doctor,),
    "Measure and train": (evaluate, report, faithfulness),
}.items():
    for command in commands:
        cli.command(rich_help_panel=panel)(command)
cli.add_typer(models, name="models", rich_help_panel="Use")
cli.add_typer(database, name="database", rich_help_panel="Look after")
cli.add_typer(knowledge, name="knowledge", rich_help_panel="Look after")
cli.add_typer(train, name="train", rich_help_panel="Measure and train")
cli.add_typer(journey, name="journey", rich_help_panel="Measure and train")


def main() -> None:
    """Run the command line."""
    cli()
