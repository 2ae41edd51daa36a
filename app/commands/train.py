"""`soliloquy train`: making models."""

import time
from pathlib import Path
from typing import Annotated

import typer

from app.commands.errors import fail, told
from app.commands.train_adapter import adapter

train = typer.Typer(help="Train models.", no_args_is_help=True)


@train.callback()
def _group() -> None:
    """Train models."""


train.command()(adapter)


@train.command()
@told
def demo(
    minutes: Annotated[float, typer.Option("--minutes", help="How long to train, all stages together.", min=0.1)],
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Where to work; default: in the data folder.")] = None,
    start: Annotated[
        Path | None, typer.Option("--start", metavar="DIR", help="A finished base to train further, instead of starting from nothing.")
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(
            "--encoder", metavar="DIR", help="A pretrained encoder (such as all-MiniLM-L6-v2) whose word embeddings a new base borrows."
        ),
    ] = None,
) -> None:
    """Train the demonstration model from nothing, or further. Stopped, it goes on where it was when it is started again."""
    if start is not None and not (start / "training.json").is_file():
        fail("--start needs the folder of a finished base: one that holds model.safetensors and training.json.")
    if encoder is not None and start is not None:
        fail("--start goes on with the words that a base has: leave out --encoder.")
    if encoder is not None and not all((encoder / name).is_file() for name in ("tokenizer.json", "model.safetensors")):
        fail("--encoder needs the folder of an encoder: one that holds tokenizer.json and model.safetensors.")
    from app.models import quieten
    from reasoning.presets import packaged
    from storage.settings import read_settings

    quieten()
    from reasoning.training.adapters import libraries

    libraries.require()
    from reasoning.training.demonstration import train_demonstration

    target = folder or read_settings().home / "demonstration"
    began = time.monotonic()

    def report(stage: str, row: dict[str, float]) -> None:
        figures = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
        typer.echo(f"{(time.monotonic() - began) / 60:6.1f} min  {stage}  {figures}")

    try:
        train_demonstration(target, minutes, report, start, encoder)
    except OSError as error:
        fail(f"The folder {target} cannot be written ({(error.strerror or type(error).__name__).lower()}): choose another with --folder.")
    typer.echo(f"Done: {target}")
    typer.echo(f"To use it as the model `demo`, copy its folders base, longstep and longmonolog to {packaged('demonstration')}.")
