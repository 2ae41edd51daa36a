"""An evaluation while it is worked on: one batch at a time, so that runs can go in between, and what the screen shows of it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from app.running import sentence
from reasoning.engines.behind import EngineInFront
from reasoning.engines.engine import Chunk, Engine, Request
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.suite import Prepared, Progress, SuiteError, run_in_batches

State = Literal["waiting", "working", "finished", "stopped", "failed"]
OVER: tuple[State, ...] = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class ArmSoFar:
    """One strategy: how many of its answers are kept, right, and impossible to read, and the seconds they took of the model's time."""

    title: str
    answered: int = 0
    right: int = 0
    unreadable: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> Share:
        """Right answers of all so far."""
        return Share(self.right, self.answered)


@dataclass(frozen=True)
class LiveEvaluation:
    """A snapshot. `position` is 0 at work and 1 when it is next; `held_up` says that a run uses the model at this moment.

    `elapsed` is the time that the model spent on it since it was started or gone on with, `remaining` an estimate from each strategy's own
    pace in whole batches; both in seconds. None where nothing is known yet.
    """

    id: str
    state: State
    message: str
    arms: tuple[ArmSoFar, ...]
    items: int
    tokens: int
    elapsed: float
    tokens_per_second: float | None
    remaining: float | None
    stopping: bool = False
    position: int = 0
    held_up: bool = False

    @property
    def done(self) -> int:
        """Answers that are kept."""
        return sum(arm.answered for arm in self.arms)

    @property
    def of(self) -> int:
        """Answers that are wanted."""
        return self.items * len(self.arms)


class Evaluating:
    """One evaluation of a folder, from where it stands to its end. `step` belongs to the worker, all else to any thread."""

    def __init__(self, id: str, folder: Path, prepared: Prepared, at_once: int) -> None:
        """`at_once` samples share a batch: the longest that a run has to wait."""
        self.id = id
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._state: State = "waiting"
        self._message = ""
        self._items = len(prepared.items)
        self._arms = {arm.label: ArmSoFar(arm.title) for arm in prepared.arms}
        self._tokens = 0
        self._worked = 0.0
        self._since: float | None = None
        self._ahead: float | None = None
        self._load: Callable[[], Engine] | None = None
        self._batches = run_in_batches(
            folder, prepared, self._engine, resume=True, at_once=at_once, progress=self._take, cancelled=self._cancelled.is_set
        )

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it, unless it is begun again."""
        return self._state in OVER

    def step(self, load: Callable[[], Engine]) -> None:
        """Work on one batch. What goes wrong becomes the evaluation's message."""
        self._load = load
        self._begin_clock("working")
        try:
            next(self._batches)
            self._end_clock("waiting")
        except StopIteration as end:
            self._end_clock("finished" if end.value else "stopped")
        except SuiteError as error:
            self._end_clock("failed", str(error))
        except Exception as error:
            self._end_clock("failed", sentence(error))

    def stop(self) -> None:
        """Ask for its end: within one step of the model at work."""
        self._cancelled.set()

    def leave(self) -> None:
        """End it while it waits. What was answered is in the folder."""
        self._cancelled.set()
        self._end_clock("stopped")

    def snapshot(self) -> LiveEvaluation:
        """How far it is."""
        with self._lock:
            batch = time.monotonic() - self._since if self._since is not None else 0.0
            elapsed = self._worked + batch
            return LiveEvaluation(
                self.id,
                self._state,
                self._message,
                tuple(self._arms.values()),
                self._items,
                self._tokens,
                elapsed,
                self._tokens / elapsed if self._tokens and elapsed else None,
                None if self._ahead is None else max(0.0, self._ahead - batch),
                stopping=self._cancelled.is_set() and not self.over,
            )

    def _engine(self) -> Engine:
        assert self._load is not None
        engine = self._load()
        with self._lock:
            self._since = time.monotonic()  # loading a model is not counted
            self._ahead = self._estimate()
        return _Counted(engine, self._count)

    def _begin_clock(self, state: State) -> None:
        with self._lock:
            self._state, self._since = state, time.monotonic()

    def _end_clock(self, state: State, message: str = "") -> None:
        with self._lock:
            if self._since is not None:
                self._worked += time.monotonic() - self._since
            self._state, self._message, self._since = state, message, None
            self._ahead = self._estimate()

    def _estimate(self) -> float | None:
        """Seconds ahead. Only between batches: within one, the first answer alone has all the time that the others share."""
        arms = self._arms.values()
        done = sum(arm.answered for arm in arms)
        if not done:
            return None
        usual = sum(arm.seconds for arm in arms) / done
        return sum((self._items - arm.answered) * (arm.seconds / arm.answered if arm.answered else usual) for arm in arms)

    def _count(self, tokens: int) -> None:
        with self._lock:
            self._tokens += tokens

    def _take(self, progress: Progress) -> None:
        record = progress.record
        if record is None:
            return
        with self._lock:
            arm = self._arms[record.arm]
            self._arms[record.arm] = replace(
                arm,
                answered=arm.answered + 1,
                right=arm.right + record.right,
                unreadable=arm.unreadable + (not record.readable),
                seconds=arm.seconds + record.share_seconds,
            )


class _Counted(EngineInFront):
    """The engine, telling of every token that it writes."""

    def __init__(self, engine: Engine, count: Callable[[int], None]) -> None:
        super().__init__(engine)
        self._count = count

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        with closing(cast(Any, self._behind.stream(requests))) as chunks:
            for chunk in chunks:
                self._count(chunk.tokens)
                yield chunk
