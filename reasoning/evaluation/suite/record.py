"""One line of records.jsonl: all that was asked, written, and found of one case and one strategy."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from reasoning.differential import Differential
from reasoning.engines.engine import ModelCard
from reasoning.evaluation.metrics import Share
from reasoning.events import Finish, Usage
from reasoning.strategies import Budget

Kind = Literal["options", "diagnosis", "differential"]
"""What is right of an item: the letter of an option, one diagnosis, or any diagnosis of the experts' differential."""

Way = Literal["options shown", "differential"]
"""What the model wrote: the letter of an option, or a differential (in which the options, if there are any, are looked for)."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Truth(Frozen):
    """What is right, and what the item was: enough to judge the answer again without the data set."""

    kind: Kind
    diagnosis: str | None = None
    synonyms: tuple[str, ...] = ()
    acceptable: tuple[str, ...] = ()
    cannot_miss: tuple[str, ...] = ()
    question: str | None = None
    options: tuple[str, ...] = ()
    answer: str | None = None


class EvidenceCounts(Frozen):
    """Quotations for the right diagnosis that meet annotated evidence, annotated evidence that is met; and the same in words."""

    precision: Share
    recall: Share
    word_precision: Share
    word_recall: Share


class TraceQuotation(Frozen):
    quote: str
    found: bool


class SampleRecord(Frozen):
    """One chain. `mark_tokens` of the thinking tokens are the opening mark, which no limit counts; `rank` and `choice` are its ballot's."""

    seed: int
    trace: str
    answer: str
    finish: Finish
    differential: Differential | None = None
    rank: int | None = None
    choice: str | None = None
    read_by: str | None = None
    thinking_tokens: int = 0
    answer_tokens: int = 0
    forced_tokens: int = 0
    mark_tokens: int = 0
    mean_logprob: float | None = None

    @property
    def length(self) -> int:
        """Thinking tokens as the budget counts them."""
        return self.thinking_tokens - self.mark_tokens


class Record(Frozen):
    """`seconds` is how long the answer took among `at_once` others, `share_seconds` its part of the clock: those add up to the whole."""

    dataset: str
    case: str
    arm: str
    strategy: str
    parameters: dict[str, Any]
    budget: Budget
    exactly: int | None = None
    seed: int
    model: ModelCard
    adapter: str | None = None
    tuned: bool = False
    way: Way
    prompt: str
    prompt_sha256: str
    samples: tuple[SampleRecord, ...] = ()
    differential: Differential | None = None
    truth: Truth
    readable: bool
    rank: int | None = None
    choice: str | None = None
    choice_votes: int | None = None
    read_by: str | None = None
    trace_quotations: tuple[TraceQuotation, ...] = ()
    evidence: EvidenceCounts | None = None
    cannot_miss: Share | None = None
    experts_listed: Share | None = None
    listed_by_experts: Share | None = None
    difficulty: str | None = None
    group: str | None = None
    usage: Usage = Usage()
    seconds: float = 0.0
    share_seconds: float = 0.0
    at_once: int = 1
    warnings: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def right(self) -> bool:
        """Whether the right option was chosen, or the first diagnosis is right."""
        return self.choice is not None and self.choice == self.truth.answer if self.truth.kind == "options" else self.rank == 1

    @property
    def first(self) -> str | None:
        """The first diagnosis."""
        return self.differential.hypotheses[0].diagnosis if self.differential else None

    @property
    def quotations(self) -> Share:
        """Quotations of the answer that are in the note, of all for and against."""
        quoted = [q for h in (self.differential.hypotheses if self.differential else ()) for q in (*h.supporting, *h.refuting)]
        return Share(sum(q.verified for q in quoted), len(quoted))

    @property
    def traced(self) -> Share:
        """Quotations of the free reasoning that are in the note."""
        return Share(sum(quotation.found for quotation in self.trace_quotations), len(self.trace_quotations))
