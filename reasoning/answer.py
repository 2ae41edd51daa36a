"""The written form of a differential: what a model writes between <answer> and </answer>, and how it is read back.

    1. Pulmonary embolism | leading | very likely | can't miss
    for: "sudden SOB"; "L calf 3 cm > R"
    against: none
    missing: CT pulmonary angiogram; D-dimer
    2. ...
    unexplained: "CKD3a"
    next: CT pulmonary angiogram

Lines cost a third of the tokens of the same content as JSON, and a grammar can guard them just as well.
"""

import re

from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status

MINIMUM_HYPOTHESES = 3
MAXIMUM_HYPOTHESES = 8
NONE = "none"

_HEAD = re.compile(r"^(\d)\. (.+?) \| (\w+) \| ([a-z ]+?)( \| can't miss)?$")
_QUOTE = re.compile(r'" ?([^"]*)"')


class AnswerError(ValueError):
    """The text is not a differential in the agreed form; the message names the line."""


def _quotes(quotations: tuple[Quotation, ...]) -> str:
    return "; ".join(f'"{q.quote}"' for q in quotations) or NONE


def write_hypothesis(hypothesis: Hypothesis) -> str:
    """The four lines of one hypothesis."""
    danger = " | can't miss" if hypothesis.cannot_miss else ""
    return (
        f"{hypothesis.rank}. {hypothesis.diagnosis} | {hypothesis.status} | {hypothesis.likelihood}{danger}\n"
        f"for: {_quotes(hypothesis.supporting)}\n"
        f"against: {_quotes(hypothesis.refuting)}\n"
        f"missing: {'; '.join(hypothesis.missing) or NONE}\n"
    )


def write_answer(differential: Differential) -> str:
    """A differential as the lines a model is asked for, ending in a line break."""
    return (
        "".join(write_hypothesis(hypothesis) for hypothesis in differential.hypotheses)
        + f"unexplained: {_quotes(differential.unexplained)}\nnext: {differential.next_step or NONE}\n"
    )


def read_answer(text: str) -> Differential:
    """The differential written in `text`; quotations come back unchecked. Raises AnswerError."""
    hypotheses: list[Hypothesis] = []
    unexplained: tuple[Quotation, ...] = ()
    next_step = ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        head = _HEAD.match(line)
        label, _, rest = line.partition(": ")
        if head:
            try:
                hypotheses.append(
                    Hypothesis(
                        rank=len(hypotheses) + 1,
                        diagnosis=head[2],
                        status=Status(head[3]),
                        likelihood=Likelihood(head[4]),
                        cannot_miss=bool(head[5]),
                        cannot_miss_source="model",
                    )
                )
            except ValueError as error:
                raise AnswerError(f"cannot read {line!r}: {error}") from error
        elif label == "unexplained":
            unexplained = _read_quotes(rest)
        elif label == "next":
            next_step = "" if rest == NONE else rest
        elif hypotheses and label in {"for", "against", "missing"}:
            hypotheses[-1] = hypotheses[-1].model_copy(update=_read_line(label, rest))
        else:
            raise AnswerError(f"cannot read {line!r}")
    if not hypotheses:
        raise AnswerError("no hypothesis in the answer")
    return Differential(hypotheses=tuple(hypotheses), unexplained=unexplained, next_step=next_step)


def _read_line(label: str, rest: str) -> dict[str, object]:
    if label == "for":
        return {"supporting": _read_quotes(rest)}
    if label == "against":
        return {"refuting": _read_quotes(rest)}
    return {"missing": () if rest == NONE else tuple(dict.fromkeys(rest.split("; ")))}


def _read_quotes(text: str) -> tuple[Quotation, ...]:
    return tuple(Quotation(quote=quote) for quote in dict.fromkeys(_QUOTE.findall(text)))
