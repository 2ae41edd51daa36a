"""`soliloquy doctor`: what this machine can run, and what is missing, in words."""

import typer

from app.commands.errors import FAILURE, told


@told
def doctor() -> None:
    """Say what this machine can run, where data is kept, and what is missing. Changes nothing."""
    from app.machine import examine

    report = examine()
    for title, lines in report.sections:
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {line}")
        typer.echo()
    typer.secho("What is missing", bold=True)
    for line in report.missing or ("Nothing.",):
        typer.echo(f"  {line}")
    if report.cannot_run:
        raise typer.Exit(FAILURE)
