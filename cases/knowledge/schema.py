"""What a condition and a finding are: the pydantic models that every YAML file in this folder must satisfy."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Probability = Annotated[float, Field(gt=0, lt=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

NUMBER_RANGE = re.compile(r"\{(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)\}")


class Kind(StrEnum):
    """Where in a note a finding is usually written."""

    symptom = "symptom"
    sign = "sign"
    vital = "vital"
    risk = "risk"
    history = "history"
    laboratory = "laboratory"
    ecg = "ecg"
    imaging = "imaging"


class Onset(StrEnum):
    """How long the main complaint has been going on when the patient is seen."""

    sudden = "sudden"
    hours = "hours"
    days = "days"
    weeks = "weeks"
    months = "months"
    years = "years"


class AgeBand(StrEnum):
    child = "child"
    young = "young"
    middle = "middle"
    older = "older"


AGE_RANGES = {AgeBand.child: (3, 15), AgeBand.young: (16, 39), AgeBand.middle: (40, 64), AgeBand.older: (65, 92)}


def age_band(age: int) -> AgeBand:
    """The band an age in years falls in."""
    for band, (_, last) in AGE_RANGES.items():
        if age <= last:
            return band
    return AgeBand.older


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Phrasings(Strict):
    """Ways to write one finding, by register. Numbers are written as ranges, `{101..130}` or `{38.1..39.8}`."""

    clinical: tuple[str, ...] = ()
    lay: tuple[str, ...] = ()
    abbreviation: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()

    @field_validator("clinical", "lay", "abbreviation", "measured")
    @classmethod
    def braces_are_ranges(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            if "{" in NUMBER_RANGE.sub("", phrase) or "}" in NUMBER_RANGE.sub("", phrase):
                raise ValueError(f"{phrase!r}: braces hold a range such as {{101..130}}")
            for low, high in NUMBER_RANGE.findall(phrase):
                if float(low) > float(high):
                    raise ValueError(f"{phrase!r}: the range runs backwards")
        return phrases

    def all(self) -> tuple[str, ...]:
        return self.clinical + self.lay + self.abbreviation + self.measured


class Finding(Strict):
    """One thing a note may state or deny, and how people write it."""

    id: Identifier
    name: str
    kind: Kind
    base_rate: Probability = 0.02
    phrasings: Phrasings
    negated: Phrasings


class Prevalence(Strict):
    """Relative weight in an acute general setting: 1 is rare, 10 is common; shares by age band and sex."""

    weight: float = Field(gt=0, le=20)
    ages: dict[AgeBand, Annotated[float, Field(ge=0)]]
    female: float = Field(ge=0, le=1)


class Condition(Strict):
    """A disease: how often, in whom, how it runs, what it shows, what settles it, and what it is mistaken for."""

    id: Identifier
    name: str
    synonyms: tuple[str, ...]
    icd10: str
    specialty: str
    cannot_miss: bool
    prevalence: Prevalence
    time_course: dict[Onset, Annotated[float, Field(ge=0, le=1)]]
    findings: dict[Identifier, Probability]
    pathognomonic: tuple[Identifier, ...] = ()
    excluding: tuple[Identifier, ...] = ()
    settling_test: str
    next_question: str
    mimics: tuple[Identifier, ...] = Field(min_length=2)
    summary: str

    @property
    def settling_step(self) -> str:
        """The settling test without its remarks, short enough to stand in an answer."""
        return re.split(r" \(|;", self.settling_test)[0].strip()
