"""An asynchronous producer read as a plain iterator: it runs in a thread of its own and ends when the iterator is closed."""

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

Item = TypeVar("Item")

_END = object()


def read_while_running(produce: Callable[[Callable[[Item], None]], Coroutine[Any, Any, None]], pause: float) -> Iterator[Item | None]:
    """What `produce` hands to its argument, and None after every `pause` seconds of silence, so that a reader can leave.

    Closing the iterator cancels the producer at once and waits until it has let go. Its exception is raised here.
    """
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(produce(items.put))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            try:
                loop.run_until_complete(task)
                items.put(_END)
            except Exception as error:
                items.put(error)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, name="soliloquy-remote", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = items.get(timeout=pause)
            except queue.Empty:
                yield None
                continue
            if item is _END:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        with suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
