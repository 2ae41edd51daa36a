"""One engine for all callers of a process: whatever waits is answered together, in one batch of the engine."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from reasoning.engines.engine import Engine
from reasoning.evaluation.together import together

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Waiting:
    work: Callable[[Engine], Any]
    future: "Future[Any]"


class SharedEngine:
    """Does all work in one thread, first come first served, at most `at_once` pieces in a batch; the first one loads the engine."""

    def __init__(self, load: Callable[[], Engine], at_once: int = 24) -> None:
        self._load = load
        self._at_once = at_once
        self._engine: Engine | None = None
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="soliloquy-shared-engine", daemon=True).start()

    def submit(self, work: Callable[[Engine], Result]) -> "Future[Result]":
        """The coming result of `work(engine)`, or its exception. Cancelling the future takes work that still waits out of the queue."""
        future: Future[Result] = Future()
        self._waiting.put(_Waiting(work, future))
        return future

    def _serve(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < self._at_once and not self._waiting.empty():
                taken.append(self._waiting.get())
            batch = [one for one in taken if one.future.set_running_or_notify_cancel()]
            try:
                self._engine = self._engine or self._load()
                together(self._engine, _do, batch)
            except BaseException as error:  # whatever happens, somebody waits for each of them
                for one in batch:
                    if not one.future.done():
                        one.future.set_exception(error)


def _do(engine: Engine, one: _Waiting) -> None:
    try:
        one.future.set_result(one.work(engine))
    except Exception as error:
        one.future.set_exception(error)
