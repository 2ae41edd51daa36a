"""Runs many strategies side by side on one engine: each believes it is alone, the engine sees one wide batch.

Every strategy runs in a thread of its own and blocks on its request; when all of them wait, their requests are
streamed together. So evaluation takes the same path as a clinician's run, at the width the device likes.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeVar, cast

from reasoning.engines.behind import EngineInFront
from reasoning.engines.engine import Chunk, Engine, Request
from reasoning.strategies.sampling import Interrupted

Given = TypeVar("Given")
Result = TypeVar("Result")

_END = object()


@dataclass
class _Call:
    requests: Sequence[Request]
    chunks: "queue.SimpleQueue[object]" = field(default_factory=queue.SimpleQueue)


class _Proxy(EngineInFront):
    """The engine as one of the strategies sees it."""

    def __init__(self, engine: Engine, calls: "queue.SimpleQueue[_Call | None]") -> None:
        super().__init__(engine)
        self._calls = calls

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        call, running = _Call(requests), sum(request.samples for request in requests)
        self._calls.put(call)
        # A run is over with its own last sample: it does not wait for the longest of the batch.
        while running and (item := call.chunks.get()) is not _END:
            if isinstance(item, Exception):
                raise item
            assert isinstance(item, Chunk)
            running -= item.last
            yield item


def _serve(engine: Engine, calls: Sequence[_Call], cancelled: Callable[[], bool]) -> None:
    """Stream the requests of all waiting calls as one list, and hand each its own chunks. No call is left waiting, whatever happens."""
    owners = [(call, number) for call in calls for number in range(len(call.requests))]
    try:
        requests = [request for call in calls for request in call.requests]
        with closing(cast(Generator[Chunk, None, None], engine.stream(requests))) as chunks:
            for chunk in chunks:
                call, number = owners[chunk.request]
                call.chunks.put(Chunk(**{**chunk.__dict__, "request": number}))
                if cancelled():
                    raise Interrupted
    except Exception as error:
        for call in calls:
            call.chunks.put(error)
    finally:
        for call in calls:
            call.chunks.put(_END)


def together(
    engine: Engine, work: Callable[[Engine, Given], Result], items: Sequence[Given], cancelled: Callable[[], bool] = lambda: False
) -> list[Result]:
    """`work(engine, item)` for every item at once, results in order. Raises the first exception of any of them.

    Once `cancelled()` is true the engine is closed within one step, and every strategy is told as if its own run had been cancelled.
    """
    calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
    results: dict[int, Result] = {}
    failures: list[BaseException] = []

    def one(number: int, item: Given) -> None:
        try:
            results[number] = work(_Proxy(engine, calls), item)
        except BaseException as error:
            failures.append(error)
        finally:
            calls.put(None)

    for number, item in enumerate(items):
        threading.Thread(target=one, args=(number, item), daemon=True).start()
    running, waiting = len(items), list[_Call]()
    while running:
        call = calls.get()
        if call is None:
            running -= 1
        else:
            waiting.append(call)
        if waiting and len(waiting) == running:
            _serve(engine, waiting, cancelled)
            waiting = []
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(items))]
