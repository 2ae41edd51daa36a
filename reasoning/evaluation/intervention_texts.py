"""Changes to a written trace: cut short, made of dots, or with two hypotheses exchanged. Text in, text out.

A change that cannot be made for sure gives None: it does not apply, and nothing is guessed.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from cases.knowledge import Knowledge
from reasoning.evaluation.matching import condition_of
from reasoning.trace import Step, StepKind
from reasoning.trace_steps import cut

Part = Literal["all", "evidence", "conclusion"]

_FACTS = (StepKind.problem_representation, StepKind.findings)
_DOTS = " ..."
_QUOTATION = r'"[^"\n]*"'
_BEFORE = r"(?:history of|h/o|known|previous|prior|past) "
"""What stands before a disease that the patient has or had: a fact, and no hypothesis."""


def kept(text: str, percent: int) -> str | None:
    """The first `percent` of the trace's steps, whole ones only; None when that is not even one (0 % is no text, and always applies)."""
    steps = cut(text).steps
    count = len(steps) * percent // 100
    if not percent:
        return ""
    return _ended("".join(step.text for step in steps[:count]), text) if count else None


def filler(text: str, count: Callable[[str], int]) -> str | None:
    """Dots in place of the trace: as many tokens as it has, or the few less that dots come in; None for less than one row of dots."""
    tokens = count(text)
    low, high = 0, tokens
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(_dots(middle, text)) <= tokens else (low, middle - 1)
    return _dots(low, text) if low else None


def exchanged(text: str, first: Sequence[str], second: Sequence[str], protected: Collection[str] = (), part: Part = "all") -> str | None:
    """The trace with everything it says of one hypothesis said of the other: their names are exchanged, one for one.

    `first` and `second` hold all names of a hypothesis, the one to write at the head; `protected` names that only contain one of them
    (pseudogout, for gout). Findings, problem representation, quotations and known diseases stay: they are about the patient. `part`
    leaves the conclusion untouched, or all before it. None unless both are named in every part that is to be changed.
    """
    names, others = {name.lower() for name in first}, {name.lower() for name in second}
    steps = cut(text).steps
    said = "".join(step.text for step in steps if step.kind not in _FACTS)
    if names & others or _initials_stand(said, first) or _initials_stand(said, second):
        return None
    pattern = _pattern((*first, *second, *protected))
    wanted = {"all": (StepKind.evidence, StepKind.conclusion), "evidence": (StepKind.evidence,), "conclusion": (StepKind.conclusion,)}[part]
    for kind in wanted:
        mentioned = {match[0].lower() for step in steps if step.kind is kind for match in pattern.finditer(step.text)}
        if not (mentioned & names and mentioned & others):
            return None

    def other(match: re.Match[str]) -> str:
        low = match[0].lower()
        return _like(match[0], second[0]) if low in names else _like(match[0], first[0]) if low in others else match[0]

    return "".join(pattern.sub(other, step.text) if _in(step, part) else step.text for step in steps)


def names_of(diagnosis: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The diagnosis as it is written, and every other name that the knowledge base has for it."""
    condition = condition_of(diagnosis, knowledge)
    return tuple(dict.fromkeys((diagnosis, *((condition.name, *condition.synonyms) if condition else ()))))


def names_around(names: Collection[str], listed: Collection[str], knowledge: Knowledge) -> frozenset[str]:
    """Diagnoses and findings, known or listed, whose name contains one of these names and means something else."""
    every = {name for condition in knowledge.conditions.values() for name in (condition.name, *condition.synonyms)}
    every |= {finding.name for finding in knowledge.findings.values()} | set(listed)
    inside = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), re.IGNORECASE)
    own = {name.lower() for name in names}
    return frozenset(name for name in every if name.lower() not in own and inside.search(name))


def _in(step: Step, part: Part) -> bool:
    concludes = step.kind is StepKind.conclusion
    return step.kind not in _FACTS and (part == "all" or concludes == (part == "conclusion"))


def _pattern(names: Collection[str]) -> re.Pattern[str]:
    # The longest first: "pseudogout" and "history of gout" are found before the gout inside them.
    # Small and capital letters are alike but in abbreviations: AS is ankylosing spondylitis, and "as" is not.
    words = "|".join(f"(?-i:{re.escape(name)})" if name.isupper() else re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"{_QUOTATION}|(?<!\w)(?:{_BEFORE})?(?:{words})(?!\w)", re.IGNORECASE)


def _like(found: str, name: str) -> str:
    """A name in the middle of a sentence keeps its small letter, unless it is an abbreviation or a person's."""
    small = found[:1].islower() and name[1:2].islower() and "'" not in name
    return name[:1].lower() + name[1:] if small else name


def _initials_stand(text: str, names: Sequence[str]) -> bool:
    """Whether the trace also seems to use an abbreviation that nobody has told us of: it would be left behind, and half a swap is none."""
    initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", names[0])).upper()
    return len(initials) > 1 and initials not in names and re.search(rf"(?<!\w){initials}(?!\w)", text) is not None


def _dots(rows: int, like: str) -> str:
    return _ended((_DOTS * rows).lstrip(), like)


def _ended(text: str, like: str) -> str:
    """The text with the blanks at its end that the whole trace had at its own."""
    return text.rstrip() + like[len(like.rstrip()) :]
