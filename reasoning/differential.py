"""The result of reasoning: ranked hypotheses, each with its evidence, and what none of them explains."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    leading = "leading"
    plausible = "plausible"
    unlikely = "unlikely"
    excluded = "excluded"


class Likelihood(StrEnum):
    """Words for likelihood. Each stands for a band, in percent (Hashim 2024), never for one number."""

    very_likely = "very likely"
    likely = "likely"
    possible = "possible"
    unlikely = "unlikely"
    very_unlikely = "very unlikely"

    @property
    def band(self) -> tuple[int, int]:
        """Lower and upper bound in percent."""
        return _BANDS[self]


_BANDS = {
    Likelihood.very_likely: (80, 95),
    Likelihood.likely: (60, 80),
    Likelihood.possible: (30, 60),
    Likelihood.unlikely: (10, 30),
    Likelihood.very_unlikely: (5, 15),
}


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quotation(Value):
    """Words said to stand in the note. `start` and `end` are character offsets into Case.text, None when not found."""

    quote: str
    start: int | None = None
    end: int | None = None
    match: Literal["unchecked", "exact", "normalised", "close", "not found"] = "unchecked"

    @property
    def verified(self) -> bool:
        return self.start is not None


class VoteShare(Value):
    """How many of the samples ranked this diagnosis first, and how many listed it at all."""

    first: int
    listed: int
    samples: int


class Hypothesis(Value):
    """One candidate diagnosis and the ground it stands on."""

    rank: int = Field(ge=1)
    diagnosis: str
    status: Status
    likelihood: Likelihood
    likelihood_source: Literal["model's words", "vote share"] = "model's words"
    votes: VoteShare | None = None
    cannot_miss: bool = False
    cannot_miss_source: Literal["knowledge", "model", "unknown"] = "unknown"
    icd10: str | None = None
    supporting: tuple[Quotation, ...] = ()
    refuting: tuple[Quotation, ...] = ()
    missing: tuple[str, ...] = ()
    settling_test: str | None = None


class Differential(Value):
    """Ranked hypotheses, the findings none of them explains, and the next most useful step."""

    hypotheses: tuple[Hypothesis, ...]
    unexplained: tuple[Quotation, ...] = ()
    next_step: str = ""
