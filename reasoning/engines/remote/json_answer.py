"""A differential as a JSON document, for servers that hold an answer to a schema; read back as the lines of `reasoning.answer`."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reasoning.answer import MAXIMUM_HYPOTHESES, MINIMUM_HYPOTHESES, write_answer
from reasoning.answer_grammar import AnswerGrammar
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status
from reasoning.engines.engine import Message, Phase


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Hypothesis(_Document):
    diagnosis: str = Field(min_length=2, max_length=80)
    status: Status
    likelihood: Likelihood
    cannot_miss: bool
    supporting: list[str] = Field(max_length=3)
    against: list[str] = Field(max_length=2)
    missing: list[str] = Field(max_length=3)


class _Answer(_Document):
    hypotheses: list[_Hypothesis] = Field(min_length=MINIMUM_HYPOTHESES, max_length=MAXIMUM_HYPOTHESES)
    unexplained: list[str] = Field(max_length=3)
    next_step: str


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of an answer."""
    return _Answer.model_json_schema()


def wants_differential(phase: Phase) -> bool:
    """Whether a phase's grammar is that of a differential, for which the schema can stand in."""
    return phase.grammar is not None and isinstance(phase.grammar(), AnswerGrammar)


def asked_as_json(messages: "list[Message]") -> "list[Message]":
    """The messages with the request for a JSON document at their end."""
    request = files("reasoning.engines.remote").joinpath("answer_as_json.md").read_text("utf-8").strip()
    return [*messages[:-1], {**messages[-1], "content": f"{messages[-1]['content']}\n\n{request}"}] if messages else messages


def to_lines(text: str) -> str | None:
    """The lines of an answer from its JSON document; None when it is no such document."""
    try:
        answer = _Answer.model_validate_json(_outermost(text))
    except ValidationError:
        return None
    hypotheses = [
        Hypothesis(
            rank=rank,
            diagnosis=_plain(each.diagnosis),
            status=each.status,
            likelihood=each.likelihood,
            cannot_miss=each.cannot_miss,
            supporting=_quotations(each.supporting),
            refuting=_quotations(each.against),
            missing=tuple(filter(None, map(_plain, each.missing))),
        )
        for rank, each in enumerate(answer.hypotheses, 1)
    ]
    unexplained = _quotations(answer.unexplained)
    return write_answer(Differential(hypotheses=tuple(hypotheses), unexplained=unexplained, next_step=_plain(answer.next_step)))


def _outermost(text: str) -> str:
    return text[text.find("{") : text.rfind("}") + 1]


def _quotations(quotes: list[str]) -> tuple[Quotation, ...]:
    # A line holds a quotation between double quotes: its own become single, which the search for it in the note forgives.
    return tuple(Quotation(quote=words) for quote in quotes if (words := " ".join(quote.replace('"', "'").split())))


def _plain(name: str) -> str:
    """A name without the signs that part a line."""
    return re.sub(r"\s+", " ", re.sub(r"\s*;\s*", ", ", re.sub(r'[|<>"]', "", name))).strip()
