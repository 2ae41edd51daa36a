"""Runs what is left of a plan, keeps every answer as it comes, and can be stopped between two tokens."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
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
    """How far it is: answers kept of all, the last one with its arm, and how many of that arm's answers are right so far."""

    done: int
    of: int
    arm: str = ""
    right: int = 0
    answered: int = 0
    # Never shown by accident: a record holds the note.
    record: Record | None = field(default=None, repr=False, compare=False)


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

    `progress` is told of the answers that the folder holds already, and then of each new one. Raises SuiteError, and EngineError when the
    engine breaks down; what was answered is kept.
    """
    batches = run_in_batches(folder, prepared, load, resume=resume, at_once=at_once, progress=progress, cancelled=cancelled)
    while True:
        try:
            next(batches)
        except StopIteration as end:
            return bool(end.value)


def run_in_batches(
    folder: Path,
    prepared: Prepared,
    load: Callable[[], Engine],
    *,
    resume: bool = False,
    at_once: int = 24,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[None, None, bool]:
    """As `run_suite`, but pausing after every batch, so that whoever owns the engine can do something else in between.

    Arms take turns over `at_once` cases (fewer where a case has several samples), so that what stands after an interruption compares
    like with like.
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
    try:
        for arm, items in left:
            width = max(1, at_once // int(getattr(arm.strategy, "samples", 1)))
            for first in range(0, len(items), width):
                if cancelled():
                    return False
                keeper.start_clock()
                _ask_together(engine, arm, items[first : first + width], keeper, cancelled)
                yield
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
        progress(Progress(0, of))
        for record in before:
            self._tell(record)

    @property
    def done(self) -> int:
        return sum(map(len, self._rights.values()))

    def start_clock(self) -> None:
        """Loading a model, and whatever is done between two batches, is no part of any answer's time."""
        self._last = time.monotonic()

    def keep(self, record: Record) -> None:
        with self._lock:
            now = time.monotonic()
            record = record.model_copy(update={"share_seconds": round(now - self._last, 3)})
            append(self._folder, record)
            self._last = now
            self._tell(record)

    def _tell(self, record: Record) -> None:
        rights = self._rights.setdefault(record.arm, [])
        rights.append(record.right)
        self._progress(Progress(self.done, self._of, record.arm, sum(rights), len(rights), record))


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
