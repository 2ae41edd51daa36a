"""Writes a run's events down without letting a busy or full disk stop the run."""

import time
from collections import deque

from reasoning.events import Event, Failed, Finished
from storage.database import Database
from storage.errors import StorageError
from storage.records import RunWriter

PAUSE = 5.0
"""Seconds to leave a database alone that could not be written."""
_LAST_TRIES = 3


class Recorder:
    """Every event goes to the database, at once or, after trouble, as soon as it can be written again. One thread only.

    Use it in a `with` block. `problem` says why something is still missing, or is empty.
    """

    def __init__(self, database: Database, run_id: str, *, pause: float = PAUSE) -> None:
        """Mark the run as running. Raises StorageError."""
        self.problem = ""
        self._writer = RunWriter(database, run_id)
        self._held: deque[Event] = deque()
        self._pause = pause
        self._rest_until = 0.0

    def write(self, event: Event) -> None:
        """Take an event."""
        self._held.append(event)
        if isinstance(event, Finished | Failed):
            self._settle()
        elif time.monotonic() >= self._rest_until:
            self._drain()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *error: object) -> None:
        self._settle()
        try:
            self._writer.__exit__(None, None, None)
        except StorageError as storage_error:
            self.problem = str(storage_error)

    def _drain(self) -> bool:
        try:
            while self._held:
                # The writer keeps what it was given even when it fails, so that the event must not be given twice.
                self._writer.write(self._held.popleft())
            if self.problem:
                self._writer.flush()
        except StorageError as error:
            # Each try may wait for a lock; a token must not, so the next ones are held back for a while.
            self.problem, self._rest_until = str(error), time.monotonic() + self._pause
            return False
        self.problem = ""
        return True

    def _settle(self) -> None:
        for attempt in range(_LAST_TRIES):
            if self._drain():
                return
            if attempt + 1 < _LAST_TRIES:
                time.sleep(min(1.0, self._pause))
