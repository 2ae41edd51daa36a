"""Runs a strategy so that it can be stopped from outside and still tells what it had and what it cost."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import cast

from cases.case import Case
from reasoning.engines.behind import EngineInFront
from reasoning.engines.engine import Chunk, Engine, Request
from reasoning.engines.remote.address import sent_to
from reasoning.events import Concluded, Event, Failed, Started
from reasoning.strategies.sampling import Interrupted
from reasoning.strategies.strategy import Budget, Strategy


class _Interruptible(EngineInFront):
    """An engine whose stream closes itself, and says so, as soon as somebody asks for it."""

    def __init__(self, engine: Engine, cancelled: Callable[[], bool]) -> None:
        super().__init__(engine)
        self._cancelled = cancelled
        self.warnings: dict[str, None] = {}

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        if self._cancelled():
            raise Interrupted
        with closing(cast(Generator[Chunk, None, None], self._behind.stream(requests))) as chunks:
            for chunk in chunks:
                if chunk.warning:
                    self.warnings[chunk.warning] = None
                yield chunk
                if self._cancelled():
                    raise Interrupted


def run_strategy(
    strategy: Strategy, case: Case, engine: Engine, budget: Budget, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[Event]:
    """The events of a run. Once `cancelled()` is true the engine is closed within one step, and what there is is told.

    A cancelled run draws no conclusion: the samples that finished first are the short ones, and a vote of those would
    favour short reasoning. What the engine warns of is told with the conclusion, and that a note is sent away, at the beginning.
    """
    asked = _Interruptible(engine, cancelled)
    with closing(cast(Generator[Event, None, None], strategy.run(case, asked, budget))) as events:
        for event in events:
            if isinstance(event, Started) and (host := engine.card.sends_to):
                event = event.model_copy(update={"warnings": (*event.warnings, sent_to(host))})
            elif isinstance(event, Concluded):
                event = event.model_copy(update={"warnings": (*event.warnings, *asked.warnings)})
            elif isinstance(event, Failed):
                event = event.model_copy(update={"message": " ".join((event.message, *asked.warnings))})
            yield event
