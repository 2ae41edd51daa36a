"""One sentence on stderr and an exit code: 2 for what was asked wrongly, 1 for what went wrong, 130 for Ctrl-C."""

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import typer

from app.commands.plain import plain

BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130

Arguments = ParamSpec("Arguments")


class InputError(ValueError):
    """What was asked for cannot be done; the message says what to ask instead, and holds no patient text."""


def fail(message: str, code: int = FAILURE) -> NoReturn:
    """Say what is wrong and leave."""
    typer.echo(f"soliloquy: {plain(message).rstrip('.')}.", err=True)
    raise typer.Exit(code)


def told(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A command whose errors become a sentence and an exit code."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            fail("Stopped.", INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has gone; Python must not complain about it a second time when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILURE) from None
        except Exception as error:
            fail(*_explained(error))

    return run


def _explained(error: Exception) -> tuple[str, int]:
    from cases.case import CaseError
    from reasoning.engines.engine import EngineError
    from reasoning.evaluation.intervention import InterventionError
    from reasoning.evaluation.suite.errors import SuiteError
    from reasoning.journey import JourneyError
    from reasoning.strategies import StrategyError
    from reasoning.training.adapters.errors import ConfigurationError, TrainingError
    from storage.errors import StorageError

    if isinstance(error, ConfigurationError | InputError | CaseError | StrategyError | JourneyError | InterventionError | SuiteError):
        return str(error), BAD_INPUT
    if isinstance(error, EngineError | StorageError | TrainingError):
        return str(error), FAILURE
    # The text of an unforeseen error may quote the note; its place in the program cannot.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return f"The program made a mistake ({where}); try again, and report this if it happens again.", FAILURE
