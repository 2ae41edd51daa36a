"""Runs a strategy so that whatever goes wrong becomes the run's last event."""

import logging
import traceback
from collections.abc import Callable, Iterator

from cases.case import Case
from reasoning.engines.engine import Engine, EngineError
from reasoning.events import Event, Failed
from reasoning.strategies import Budget, Strategy, run_strategy
from storage.errors import StorageError

log = logging.getLogger(__name__)


def run_safely(strategy: Strategy, case: Case, engine: Engine, budget: Budget, cancelled: Callable[[], bool]) -> Iterator[Event]:
    """The events of a run, ended by Failed where the program itself makes a mistake."""
    try:
        yield from run_strategy(strategy, case, engine, budget, cancelled)
    except Exception as error:
        yield Failed(message=sentence(error))


def sentence(error: Exception) -> str:
    """What to tell the user. The text of an unforeseen error may quote the note: it goes nowhere, and the log gets its place."""
    if isinstance(error, EngineError | StorageError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    log.error("%s at %s", type(error).__name__, " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames)))
    return f"The program made a mistake ({type(error).__name__}); run the case again, and report this if it happens again."
