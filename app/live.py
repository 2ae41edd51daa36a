"""What a run looks like while it happens: a value the screen can draw, made from events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cases.case import Case
from reasoning.differential import Differential
from reasoning.engines.engine import ModelCard
from reasoning.events import Concluded, Event, EventBase, Failed, Finished, SampleFinished, SampleStarted, Started, Text, Usage, Voted
from reasoning.strategies import Budget
from storage.values import RunStatus

Kind = TypeVar("Kind", bound=EventBase)


@dataclass(frozen=True)
class LiveSample:
    """One sample as far as it has come. `forced` are the stretches of `thinking` that the strategy put there, not the model."""

    sample: int
    seed: int
    thinking: str = ""
    answer: str = ""
    thinking_tokens: int = 0
    answer_tokens: int = 0
    forced: tuple[tuple[int, int], ...] = ()
    finished: SampleFinished | None = None
    role: str = ""


@dataclass(frozen=True)
class LiveRun:
    """A snapshot of a run. `events` are all but the text, which is in `samples`.

    `position` is 0 when the run is at work or over, 1 when it is next. `remaining` is in seconds, from the budget's limits
    and the speed so far, hence an upper bound; None while nothing is known. `unsaved` says why the record is incomplete.
    """

    id: str
    owner: str
    case: Case
    strategy: str
    parameters: Mapping[str, object]
    budget: Budget
    status: RunStatus
    position: int = 0
    stopping: bool = False
    message: str = ""
    unsaved: str = ""
    card: ModelCard | None = None
    started: Started | None = None
    warnings: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    samples: tuple[LiveSample, ...] = ()
    voted: Voted | None = None
    differential: Differential | None = None
    usage: Usage | None = None
    elapsed: float = 0.0
    tokens_per_second: float | None = None
    remaining: float | None = None

    @property
    def thinking_tokens(self) -> int:
        """Of all samples together."""
        return sum(sample.thinking_tokens for sample in self.samples)

    @property
    def answer_tokens(self) -> int:
        """Of all samples together."""
        return sum(sample.answer_tokens for sample in self.samples)

    @property
    def tokens(self) -> int:
        """All that was written, forced tokens included."""
        return self.thinking_tokens + self.answer_tokens


@dataclass
class _Sample:
    seed: int
    pieces: dict[str, list[str]] = field(default_factory=lambda: {"thinking": [], "answer": []})
    characters: int = 0
    tokens: dict[str, int] = field(default_factory=lambda: {"thinking": 0, "answer": 0})
    forced: list[tuple[int, int]] = field(default_factory=list)
    finished: SampleFinished | None = None
    role: str = ""

    def add(self, event: Text) -> None:
        if event.phase == "thinking":
            if event.forced and event.text:
                self.forced.append((self.characters, self.characters + len(event.text)))
            self.characters += len(event.text)
        self.pieces[event.phase].append(event.text)
        self.tokens[event.phase] += event.tokens

    def snapshot(self, number: int) -> LiveSample:
        for phase, pieces in self.pieces.items():
            self.pieces[phase] = ["".join(pieces)]  # so that the next snapshot joins only what is new
        return LiveSample(
            number,
            self.seed,
            self.pieces["thinking"][0],
            self.pieces["answer"][0],
            self.tokens["thinking"],
            self.tokens["answer"],
            tuple(self.forced),
            self.finished,
            self.role,
        )


class Progress:
    """Gathers the events of one run. Not thread-safe: whoever holds it has the lock."""

    def __init__(self, budget: Budget) -> None:
        self.status = RunStatus.queued
        self.message = ""
        self.unsaved = ""
        self.card: ModelCard | None = None
        self._budget = budget
        self._events: list[Event] = []
        self._samples: dict[int, _Sample] = {}
        self._warnings: dict[str, None] = {}
        self._began: float | None = None
        self._ended: float | None = None
        self._wrote_first: float | None = None
        self._wrote_last = 0.0
        self._first_tokens = 0

    def begin(self) -> None:
        """The run leaves the queue."""
        self.status, self._began = RunStatus.running, time.monotonic()

    def end(self, status: RunStatus, message: str = "") -> None:
        """The run is over, whatever ended it."""
        self.status, self.message, self._ended = status, message, time.monotonic()

    def take(self, event: Event) -> None:
        """Add one event."""
        if isinstance(event, Text):
            self._samples.setdefault(event.sample, _Sample(0)).add(event)
            self._wrote_last = time.monotonic()
            if self._wrote_first is None:
                self._wrote_first, self._first_tokens = self._wrote_last, event.tokens
            return
        self._events.append(event)
        match event:
            case SampleStarted():
                begun = self._samples.setdefault(event.sample, _Sample(event.seed))
                begun.seed, begun.role = event.seed, event.role
            case SampleFinished():
                self._samples.setdefault(event.sample, _Sample(0)).finished = event
            case Started() | Concluded():
                self._warnings |= dict.fromkeys(event.warnings)
            case Finished():
                self.end(RunStatus.cancelled if event.cancelled else RunStatus.finished)
            case Failed():
                self.end(RunStatus.failed, event.message)
            case _:
                pass

    def snapshot(self, run: LiveRun) -> LiveRun:
        """The run's fixed facts with what is known by now."""
        speed = self._speed()
        concluded, finished = self._last(Concluded), self._last(Finished)
        return replace(
            run,
            status=self.status,
            message=self.message,
            unsaved=self.unsaved,
            card=self.card,
            started=next((event for event in self._events if isinstance(event, Started)), None),
            warnings=tuple(self._warnings),
            events=tuple(self._events),
            samples=tuple(sample.snapshot(number) for number, sample in sorted(self._samples.items())),
            voted=self._last(Voted),
            differential=concluded.differential if concluded else None,
            usage=finished.usage if finished else None,
            elapsed=0.0 if self._began is None else (self._ended or time.monotonic()) - self._began,
            tokens_per_second=speed,
            remaining=self._ahead() / speed if speed and self.status == RunStatus.running else None,
        )

    def _last(self, kind: type[Kind]) -> Kind | None:
        return next((event for event in reversed(self._events) if isinstance(event, kind)), None)

    def _speed(self) -> float | None:
        """Tokens a second from the first piece of text to the last: reading the prompt is no part of it."""
        if self._wrote_first is None or self._wrote_last <= self._wrote_first:
            return None
        written = sum(sum(sample.tokens.values()) for sample in self._samples.values())
        return (written - self._first_tokens) / (self._wrote_last - self._wrote_first) or None

    def _ahead(self) -> int:
        """Tokens that the budget still allows."""
        direct = any(sample.tokens["answer"] and not sample.tokens["thinking"] for sample in self._samples.values())
        limits = {"thinking": 0 if direct else self._budget.thinking_tokens, "answer": self._budget.answer_tokens}
        ahead = 0
        for sample in self._samples.values():
            if sample.finished is None:
                ahead += max(0, limits["answer"] - sample.tokens["answer"])
                ahead += 0 if sample.tokens["answer"] else max(0, limits["thinking"] - sample.tokens["thinking"])
        return ahead
