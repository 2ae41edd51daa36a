"""The written reasoning of one sample, cut into hypothetico-deductive steps without losing a character."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class StepKind(StrEnum):
    problem_representation = "problem representation"
    findings = "findings"
    hypotheses = "hypotheses"
    evidence = "evidence weighed"
    elimination = "elimination"
    reconsideration = "reconsideration"
    conclusion = "conclusion"
    text = "text"


class Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StepKind
    text: str


class Trace(BaseModel):
    """`text` is exactly what the model wrote; the steps' texts joined give it back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    steps: tuple[Step, ...]
