"""What the store gives back: frozen values, never rows."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from cases.case import Case
from reasoning.differential import Differential, Likelihood
from reasoning.engines.engine import ModelCard
from reasoning.events import Event, Finish, Usage
from reasoning.trace import Trace

Parameters = dict[str, JsonValue]


class RunStatus(StrEnum):
    queued = "queued"
    running = "running"
    finished = "finished"
    cancelled = "cancelled"
    failed = "failed"
    interrupted = "interrupted"

    @property
    def over(self) -> bool:
        """Whether nothing more is to be expected."""
        return self not in (RunStatus.queued, RunStatus.running)


class Polarity(StrEnum):
    supporting = "supporting"
    refuting = "refuting"
    unexplained = "unexplained"


class FeedbackKind(StrEnum):
    run = "run"
    hypothesis = "hypothesis"


class Verdict(StrEnum):
    agree = "agree"
    disagree = "disagree"


class Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredEvent(Stored):
    """One event and when it came. Text that came within a second may be one event here."""

    sequence: int
    at: AwareDatetime
    event: Event


class StoredSample(Stored):
    """One finished sample."""

    sample: int
    seed: int
    trace: Trace
    answer: str
    finish: Finish
    usage: Usage
    mean_logprob: float | None
    differential: Differential | None


class StoredFeedback(Stored):
    """What a person said, once. A later entry may supersede it; none is ever changed."""

    id: int
    run_id: str
    kind: FeedbackKind
    diagnosis: str | None
    useful: bool | None
    verdict: Verdict | None
    reason: str
    right_diagnosis: str | None
    comment: str
    actor: str
    created_at: AwareDatetime
    supersedes: int | None
    retracted: bool


class StoredRun(Stored):
    """Everything that is kept about one run. `feedback` holds superseded entries too."""

    id: str
    case: Case
    strategy: str
    parameters: Parameters
    budget: Parameters
    seed: int
    status: RunStatus
    card: ModelCard
    prompt: str | None
    prompt_sha256: str | None
    adapter: str | None
    tuned: bool
    app_version: str
    warnings: tuple[str, ...]
    message: str
    usage: Usage | None
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    events: tuple[StoredEvent, ...]
    samples: tuple[StoredSample, ...]
    differential: Differential | None
    feedback: tuple[StoredFeedback, ...]


class RunSummary(Stored):
    """One line of the history. `excerpt` is the beginning of the note, `leading` the first diagnosis of the result."""

    id: str
    case_id: str
    title: str
    excerpt: str
    strategy: str
    model: str
    status: RunStatus
    leading: str | None
    likelihood: Likelihood | None
    feedback: int
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class HistoryPage(Stored):
    """Runs, newest first. `before` asks for the next page; None on the last one."""

    runs: tuple[RunSummary, ...]
    before: str | None


def _none_if_blank(words: object) -> object:
    return (words.strip() or None) if isinstance(words, str) else words


SearchWords = Annotated[Annotated[str, Field(max_length=1000)] | None, BeforeValidator(_none_if_blank)]


class RunFilter(Stored):
    """Which runs. `text` is looked for in title, note and resulting diagnoses, `diagnosis` in the diagnoses alone; case is ignored.

    `since` is included and `until` is not.
    """

    text: SearchWords = None
    strategy: str | None = None
    status: RunStatus | None = None
    diagnosis: SearchWords = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


def current_feedback(entries: tuple[StoredFeedback, ...]) -> tuple[StoredFeedback, ...]:
    """The entries that still stand: not superseded, and not taken back."""
    superseded = {entry.supersedes for entry in entries}
    return tuple(entry for entry in entries if entry.id not in superseded and not entry.retracted)
