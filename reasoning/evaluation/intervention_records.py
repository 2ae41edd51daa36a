"""What is kept of an intervention, one row a line: each case as the strategy answered it, and each answer behind a changed trace."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from reasoning.differential import Differential, Likelihood

CONTROL = "same"


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listed(Row):
    """One diagnosis of an answer, with the model's word for how likely it is."""

    diagnosis: str
    likelihood: Likelihood


class Unchanged(Row):
    """A case answered once, in order of rank. `listed` is empty when the answer could not be read. The trace quotes the note."""

    case: str
    gold: str | None = None
    gold_synonyms: tuple[str, ...] = ()
    thinking: str
    tokens: int = Field(ge=0)
    listed: tuple[Listed, ...] = ()


class Changed(Row):
    """The same case answered behind a changed trace, or why the change does not apply (then nothing was asked).

    `expected_first` is the diagnosis that the changed trace speaks for; `falls` that the leading diagnosis should have a weaker word or go.
    `detail` says which finding was turned, or whose trace it is.
    """

    case: str
    change: str
    not_applicable: str = ""
    detail: str = ""
    thinking: str = ""
    tokens: int = Field(0, ge=0)
    expected_first: str | None = None
    expected_word: Literal["falls"] | None = None
    listed: tuple[Listed, ...] = ()


def listed(differential: Differential | None) -> tuple[Listed, ...]:
    """The diagnoses of a differential in order; none when there is none."""
    return tuple(Listed(diagnosis=h.diagnosis, likelihood=h.likelihood) for h in (differential.hypotheses if differential else ()))
