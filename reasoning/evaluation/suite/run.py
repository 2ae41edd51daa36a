"""Runs what is left of a plan, keeps every answer as it comes, and can be stopped between two tokens."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases.benchmarks import BenchmarkItem
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, EngineError
from reasoning.evaluation.suite.arms import Arm
from reasoning.evaluation.suite.asking import Stopped, ask
from reasoning.evaluation.suite.folder import append, begin, keep_card
from reasoning.evaluation.suite.plan import Prepared
from reasoning.evaluation.suite.record import Kind, Record
from reasoning.evaluation.together import together


@dataclass(frozen=True)
class Progress:
    """How far it is: answers kept of all, the arm of the last one, and how many of that arm's answers are right so far."""

    done: int
    of: int
    arm: str = ""
    right: int = 0
    answered: int = 0


def run_suite(
    folder: Path,
    prepared: Prepared,
    load: Callable[[], Engine],
    *,
    resume: bool = False,
    at_once: int = 24,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Whether every item was answered by every arm; False when it was cancelled. The engine is loaded only if something is left to do.

    Arms take turns over `at_once` cases (fewer where a case has several samples), so that what stands after an interruption compares
    like with like. Raises SuiteError, and EngineError when the engine breaks down; what was answered is kept.
    """
    before = begin(folder, prepared.plan, prepared.left_out, resume)
    done = {(record.arm, record.case) for record in before}
    left = [
        (arm, [(item, kind) for item, kind in prepared.items[first : first + at_once] if (arm.label, item.id) not in done])
        for first in range(0, len(prepared.items), at_once)
        for arm in prepared.arms
    ]
    keeper = _Keeper(folder, before, len(prepared.items) * len(prepared.arms), progress)
    if not any(items for _, items in left):
        return True
    engine = load()
    keep_card(folder, engine.card)
    keeper.start_clock()
    try:
        for arm, items in left:
            width = max(1, at_once // int(getattr(arm.strategy, "samples", 1)))
            for first in range(0, len(items), width):
                if cancelled():
                    return False
                _ask_together(engine, arm, items[first : first + width], keeper, cancelled)
    except Stopped:
        return False
    return True


class _Keeper:
    """Writes records as they come, from whichever thread, and tells how far it is."""

    def __init__(self, folder: Path, before: Sequence[Record], of: int, progress: Callable[[Progress], None]) -> None:
        self._folder, self._of, self._progress = folder, of, progress
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._rights: dict[str, list[bool]] = {}
        for record in before:
            self._rights.setdefault(record.arm, []).append(record.right)
        progress(Progress(self.done, of))

    @property
    def done(self) -> int:
        return sum(map(len, self._rights.values()))

    def start_clock(self) -> None:
        """Loading a model is no part of any answer's time."""
        self._last = time.monotonic()

    def keep(self, record: Record) -> None:
        with self._lock:
            now = time.monotonic()
            append(self._folder, record.model_copy(update={"share_seconds": round(now - self._last, 3)}))
            self._last = now
            rights = self._rights.setdefault(record.arm, [])
            rights.append(record.right)
            self._progress(Progress(self.done, self._of, record.arm, sum(rights), len(rights)))


def _ask_together(
    engine: Engine, arm: Arm, items: Sequence[tuple[BenchmarkItem, Kind]], keeper: _Keeper, cancelled: Callable[[], bool]
) -> None:
    """One batch. When it breaks down each case is asked alone, so that one that does not fit the model spoils no other."""
    knowledge = load_knowledge()
    kept: set[str] = set()

    def one(proxy: Engine, asked: tuple[BenchmarkItem, Kind]) -> None:
        item, kind = asked
        keeper.keep(ask(proxy, arm, item, kind, knowledge, len(items)))
        kept.add(item.id)

    try:
        together(engine, one, items, cancelled)
    except EngineError:
        if len(items) == 1:
            raise
        for asked in items:
            if asked[0].id not in kept:
                _ask_together(engine, arm, [asked], keeper, cancelled)
