"""Evaluations that wait for the model: one after the other, and each only while no run wants it."""

import threading
from dataclasses import replace

from app.evaluating import Evaluating, LiveEvaluation

_MOST_REMEMBERED = 32


class EvaluationLine:
    """First come, first served. It shares the lock of the worker that it belongs to."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._evaluations: dict[str, Evaluating] = {}
        self._working: Evaluating | None = None
        self._closed = False

    def __len__(self) -> int:
        """How many are not over, the one at work counted."""
        with self._changed:
            return len(self._open())

    def add(self, evaluation: Evaluating) -> None:
        """Put it at the end of the line. One that is in it already stays where it is, so that a double click does nothing more."""
        with self._changed:
            before = self._evaluations.get(evaluation.id)
            if self._closed or (before is not None and not before.over):
                return
            self._evaluations.pop(evaluation.id, None)
            self._evaluations[evaluation.id] = evaluation
            for id in [id for id, one in self._evaluations.items() if one.over][:-_MOST_REMEMBERED]:
                del self._evaluations[id]
            self._changed.notify_all()

    def live(self, id: str) -> LiveEvaluation | None:
        """The evaluation as it is now; None when this process has not worked on it lately: then ask its folder."""
        with self._changed:
            evaluation = self._evaluations.get(id)
            if evaluation is None:
                return None
            line = self._open()
            position = line.index(evaluation) if evaluation in line else 0
            return replace(evaluation.snapshot(), position=position, held_up=position == 0 and self._working is None)

    def stop(self, id: str) -> bool:
        """Stop one: at once while it waits, within one step of the model at work. False when it is over or unknown."""
        with self._changed:
            evaluation = self._evaluations.get(id)
            if evaluation is None or evaluation.over:
                return False
            if evaluation is self._working:
                evaluation.stop()
            else:
                evaluation.leave()
            return True

    def close(self) -> None:
        """Stop all, and take no more."""
        with self._changed:
            self._closed = True
            for id in list(self._evaluations):
                self.stop(id)

    def working(self) -> bool:
        """Whether a batch is worked on at this moment, so that a run has to wait for its end."""
        with self._changed:
            return self._working is not None

    def take(self) -> Evaluating | None:
        """The next one to work on, for the worker; `done` gives it back after a batch."""
        with self._changed:
            self._working = next(iter(self._open()), None)
            return self._working

    def done(self) -> None:
        """The batch is over."""
        with self._changed:
            self._working = None

    def _open(self) -> list[Evaluating]:
        return [one for one in self._evaluations.values() if not one.over]
