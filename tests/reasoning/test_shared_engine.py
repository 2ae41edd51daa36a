"""Many callers, one engine."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError

import pytest

from cases.case import read_case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Chunk, Engine, EngineError, Request
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.shared_engine import SharedEngine
from reasoning.report import fold
from reasoning.strategies import Budget, Vanilla

ANSWER = "".join(
    f"{rank}. {name} | {status} | possible\nfor: none\nagainst: none\nmissing: none\n"
    for rank, name, status in ((1, "Gout", "leading"), (2, "Cellulitis", "plausible"), (3, "Osteoarthritis", "unlikely"))
)
KNOWLEDGE = load_knowledge()  # read once, and not by each of the threads below
CASE = read_case("A 40-year-old man with a swollen red toe.")
WAIT = 60


class CountingEngine(ScriptedEngine):
    """Notes how many requests share a batch."""

    def __init__(self, replies: int) -> None:
        super().__init__([[f"{ANSWER}unexplained: none\nnext: none\n</answer>"]] * replies)
        self.batches: list[int] = []

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        self.batches.append(len(requests))
        yield from super().stream(requests)


def first_diagnosis(engine: Engine) -> str:
    differential = fold(Vanilla().run(CASE, engine, Budget())).differential
    return differential.hypotheses[0].diagnosis if differential else ""


class Gate:
    """Work that holds the engine until it is opened, so that others have to wait."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self, engine: Engine) -> None:
        self.begun.set()
        assert self.open.wait(WAIT)


def test_what_waits_is_answered_in_one_batch() -> None:
    engine, gate = CountingEngine(5), Gate()
    shared = SharedEngine(lambda: engine, at_once=4)
    shared.submit(gate)
    assert gate.begun.wait(WAIT)
    waiting = [shared.submit(first_diagnosis) for _ in range(5)]
    gate.open.set()
    assert [work.result(WAIT) for work in waiting] == ["Gout"] * 5
    assert engine.batches == [4, 1]


def test_the_engine_is_loaded_once_and_only_when_it_is_needed() -> None:
    loaded: list[Engine] = []

    def load() -> Engine:
        loaded.append(CountingEngine(2))
        return loaded[-1]

    shared = SharedEngine(load)
    assert loaded == []
    assert [shared.submit(first_diagnosis).result(WAIT) for _ in range(2)] == ["Gout"] * 2
    assert len(loaded) == 1


def test_a_failure_reaches_the_one_whose_it_is() -> None:
    def fail(engine: Engine) -> str:
        raise ValueError("mine")

    shared = SharedEngine(lambda: CountingEngine(1))
    with pytest.raises(ValueError, match="mine"):
        shared.submit(fail).result(WAIT)
    assert shared.submit(first_diagnosis).result(WAIT) == "Gout"


def test_an_engine_that_cannot_be_loaded_tells_everybody_and_may_be_tried_again() -> None:
    engines = iter([None, CountingEngine(1)])

    def load() -> Engine:
        if (engine := next(engines)) is None:
            raise EngineError("There is no model folder here.")
        return engine

    shared = SharedEngine(load)
    with pytest.raises(EngineError, match="no model folder"):
        shared.submit(first_diagnosis).result(WAIT)
    assert shared.submit(first_diagnosis).result(WAIT) == "Gout"


def test_cancelled_work_that_still_waits_is_never_done() -> None:
    gate, done = Gate(), list[int]()
    shared = SharedEngine(lambda: CountingEngine(0))
    held = shared.submit(gate)
    assert gate.begun.wait(WAIT)
    given_up = shared.submit(lambda engine: done.append(1))
    assert given_up.cancel()
    gate.open.set()
    held.result(WAIT)
    shared.submit(lambda engine: done.append(2)).result(WAIT)
    assert done == [2]
    with pytest.raises(CancelledError):
        given_up.result(WAIT)
