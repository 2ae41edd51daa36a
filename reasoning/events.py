"""What happens while a case is reasoned about: the one channel that screens draw, stores keep and tests assert on."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from reasoning.differential import Differential, Quotation
from reasoning.trace import Trace

Phase = Literal["thinking", "answer"]
Finish = Literal["stop", "length", "cancelled"]


class Usage(BaseModel):
    """Tokens paid for, cancelled and forced ones included. `prompt_tokens` counts a shared prefill once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = 0
    thinking_tokens: int = 0
    answer_tokens: int = 0
    forced_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def generated_tokens(self) -> int:
        return self.thinking_tokens + self.answer_tokens


class EventBase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Started(EventBase):
    """The strategy is set, and the prompt is on its way to the engine."""

    kind: Literal["started"] = "started"
    strategy: str
    parameters: dict[str, object]
    samples: int
    prompt: str
    prompt_sha256: str
    adapter: str | None = None
    tuned: bool = False
    warnings: tuple[str, ...] = ()


class SampleStarted(EventBase):
    """A sample begins. `role` says what a strategy of several rounds wants of this one; the temperature is that of its thinking."""

    kind: Literal["sample_started"] = "sample_started"
    sample: int
    seed: int
    temperature: float | None = None
    role: str = ""


class Asked(EventBase):
    """A later round puts another prompt before the model: what sample `sample` answers."""

    kind: Literal["asked"] = "asked"
    sample: int
    prompt: str
    prompt_sha256: str


class Text(EventBase):
    """A piece of one sample's text. `forced` text was put there by the strategy, not chosen by the model."""

    kind: Literal["text"] = "text"
    sample: int
    phase: Phase
    text: str
    tokens: int
    forced: bool = False
    logprob: float | None = None


class BudgetForced(EventBase):
    """The thinking was closed at its limit, told to go on with a word such as "Wait", or not told so again as it repeats itself."""

    kind: Literal["budget_forced"] = "budget_forced"
    sample: int
    action: Literal["closed", "continued", "repeated"]
    thinking_tokens: int


class SampleFinished(EventBase):
    """One sample is complete. `differential` is None when it was cut off before it could be read."""

    kind: Literal["sample_finished"] = "sample_finished"
    sample: int
    trace: Trace
    answer: str
    differential: Differential | None
    finish: Finish
    usage: Usage
    mean_logprob: float | None = None


class VoteRow(EventBase):
    """One diagnosis in a vote. `weight` is the share of all weights that its first votes hold, in a weighted vote only."""

    diagnosis: str
    first: int
    listed: int
    score: float
    weight: float | None = None


class Voted(EventBase):
    kind: Literal["voted"] = "voted"
    samples: int
    rows: tuple[VoteRow, ...]


class Weighed(EventBase):
    """How much one sample's ballot counts: the weights of all samples add up to 1. Confidence None: the engine told none."""

    kind: Literal["weighed"] = "weighed"
    sample: int
    measure: Literal["chain_logprob", "diagnosis_logprob", "likelihood_word"]
    confidence: float | None
    weight: float


class Posterior(EventBase):
    """How sure a vote is after `samples` of at most `maximum`: the probability that the leader stays ahead of the runner-up."""

    kind: Literal["posterior"] = "posterior"
    samples: int
    maximum: int
    leader: str | None
    first: int
    second: int
    probability: float
    settled: bool


class FindingAsked(EventBase):
    """The finding that would split the two leaders, what the note says of it, and who says so."""

    kind: Literal["finding_asked"] = "finding_asked"
    first: str
    second: str
    finding: str
    note: Literal["stated", "denied", "not stated"]
    words: Quotation | None = None
    favours: str | None = None
    source: Literal["knowledge base", "model"]


class Concluded(EventBase):
    """The result of the run, evidence checked against the note."""

    kind: Literal["concluded"] = "concluded"
    differential: Differential
    warnings: tuple[str, ...] = ()


class Finished(EventBase):
    kind: Literal["finished"] = "finished"
    usage: Usage
    cancelled: bool = False


class Failed(EventBase):
    """The run could not go on; `message` says what to do and holds no patient text."""

    kind: Literal["failed"] = "failed"
    message: str


Event = Annotated[
    Started
    | SampleStarted
    | Asked
    | Text
    | BudgetForced
    | SampleFinished
    | Weighed
    | Posterior
    | FindingAsked
    | Voted
    | Concluded
    | Finished
    | Failed,
    Field(discriminator="kind"),
]
event_adapter: TypeAdapter[Event] = TypeAdapter(Event)
