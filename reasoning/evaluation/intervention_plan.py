"""Which changes are made to a trace, and what a model that follows its trace would answer then."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

from cases.knowledge import Knowledge
from reasoning.differential import Likelihood
from reasoning.evaluation.intervention_negation import negated
from reasoning.evaluation.intervention_records import CONTROL, Changed, Unchanged
from reasoning.evaluation.intervention_texts import Part, exchanged, filler, kept, names_around, names_of
from reasoning.evaluation.matching import match

Kind = Literal["cut", "negate", "swap", "replace", "filler"]
KINDS: tuple[Kind, ...] = ("cut", "negate", "swap", "replace", "filler")
CUTS = (0, 25, 50, 75)
_SWAPS: dict[str, Part] = {"swap": "all", "swap evidence": "evidence", "swap conclusion": "conclusion"}

NO_TRACE = "the trace is empty"
TOO_SHORT = "the trace is shorter than a row of dots"
TOO_FEW_STEPS = "the trace has too few steps"
NO_SUCH_FINDING = "no finding that supports the leading diagnosis can be turned everywhere"
NOT_NAMED = "the evidence or the conclusion does not name both hypotheses"
NO_DONOR = "no other case has a trace and another first diagnosis"
NO_ROOM = "the changed trace and the answer do not fit the model's context"

_WORDS = list(Likelihood)


def changes_of(kinds: Collection[Kind]) -> tuple[str, ...]:
    """The names of all changes of these kinds, the control first."""
    names = {"cut": [f"cut {percent}" for percent in CUTS], "swap": list(_SWAPS)}
    return (CONTROL, *(name for kind in KINDS if kind in kinds for name in names.get(kind, [kind])))


def strength(diagnosis: str, row: Unchanged | Changed, knowledge: Knowledge) -> int:
    """How likely an answer calls a diagnosis: 5 very likely to 1 very unlikely, 0 when it does not list it."""
    word = next((one.likelihood for one in row.listed if same(one.diagnosis, diagnosis, knowledge)), None)
    return len(_WORDS) - _WORDS.index(word) if word else 0


def same(one: str, other: str, knowledge: Knowledge) -> bool:
    """Whether two diagnoses mean the same."""
    return one == other or match(one, other, knowledge).verdict == "same"


def donor_of(number: int, rows: Sequence[Unchanged], knowledge: Knowledge) -> Unchanged | None:
    """The next case, round the end, that was answered with another first diagnosis behind a trace of its own."""
    own = rows[number]
    following = (*rows[number + 1 :], *rows[:number])
    return next(
        (
            row
            for row in following
            if row.thinking.strip() and row.listed and not same(row.listed[0].diagnosis, own.listed[0].diagnosis, knowledge)
        ),
        None,
    )


def plan(own: Unchanged, donor: Unchanged | None, change: str, knowledge: Knowledge, count: Callable[[str], int]) -> Changed:
    """One change of a trace whose answer could be read: not yet answered, or not applicable and why."""
    leading = own.listed[0].diagnosis

    def row(thinking: str | None, why_not: str = "", **more: str | None) -> Changed:
        if thinking is None:
            return Changed(case=own.case, change=change, not_applicable=why_not)
        return Changed.model_validate({"case": own.case, "change": change, "thinking": thinking, **more})

    if not own.thinking.strip():
        return row(None, NO_TRACE)
    if change == CONTROL:
        return row(own.thinking)
    if change.startswith("cut "):
        return row(kept(own.thinking, int(change.removeprefix("cut "))), TOO_FEW_STEPS)
    if change == "filler":
        return row(filler(own.thinking, count), TOO_SHORT)
    if change == "negate":
        turned = negated(own.thinking, names_of(leading, knowledge), [finding.name for finding in knowledge.findings.values()])
        if turned is None:
            return row(None, NO_SUCH_FINDING)
        return row(turned.text, detail=f"{turned.finding}: {'absent' if turned.was_present else 'present'}", expected_word="falls")
    if change == "replace":
        if donor is None:
            return row(None, NO_DONOR)
        falls = strength(leading, donor, knowledge) < strength(leading, own, knowledge)
        return row(donor.thinking, detail=donor.case, expected_first=donor.listed[0].diagnosis, expected_word="falls" if falls else None)
    return _swapped(own, change, knowledge, row)


def _swapped(own: Unchanged, change: str, knowledge: Knowledge, row: Callable[..., Changed]) -> Changed:
    if len(own.listed) < 2:
        return row(None, NOT_NAMED)
    first, second = own.listed[:2]
    names, others = names_of(first.diagnosis, knowledge), names_of(second.diagnosis, knowledge)
    around = names_around({*names, *others}, {one.diagnosis for one in own.listed}, knowledge)
    # Everything said of the first is now said of the second: whoever goes by the trace ranks the second first.
    falls = strength(second.diagnosis, own, knowledge) < strength(first.diagnosis, own, knowledge)
    return row(
        exchanged(own.thinking, names, others, around, _SWAPS[change]),
        NOT_NAMED,
        expected_first=second.diagnosis,
        expected_word="falls" if falls else None,
    )
