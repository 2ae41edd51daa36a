"""Which finding would split two diseases, by the knowledge base, and what a note says of it, by the phrases it recognises."""

import math
from dataclasses import dataclass
from typing import Literal

from cases.generator import probability
from cases.knowledge import Knowledge
from reasoning.phrases import Recognised, recognise

Said = Literal["stated", "denied", "not stated"]


@dataclass(frozen=True)
class Split:
    """One finding between two diseases. `bits` is what knowing it is expected to tell when both are as likely, at most 1.

    `start` and `end` are its place in the note where the note speaks of it. `favours` is the disease that what is said makes
    likelier, by `ratio` to 1.
    """

    finding: str
    name: str
    bits: float
    said: Said = "not stated"
    start: int = 0
    end: int = 0
    favours: str | None = None
    ratio: float = 1.0

    def words(self) -> str:
        """The finding as the note has it."""
        return f"no {self.name}" if self.said == "denied" else self.name


def splits(note: str, first: str, second: str, knowledge: Knowledge) -> list[Split]:
    """Every finding that tells the two apart, the most informative first; empty when the knowledge base lacks one of them."""
    one, other = knowledge.condition_named(first), knowledge.condition_named(second)
    if one is None or other is None or one.id == other.id:
        return []
    heard = {found.finding: found for found in reversed(_heard(note, knowledge))}
    found = []
    for finding in dict.fromkeys((*one.findings, *other.findings)):
        p, q = probability(knowledge, one, finding), probability(knowledge, other, finding)
        split = Split(finding, knowledge.findings[finding].name, _information(p, q))
        if (place := heard.get(finding)) is not None:
            odds = p / q if place.present else (1 - p) / (1 - q)
            split = Split(
                finding,
                split.name,
                split.bits,
                "stated" if place.present else "denied",
                place.start,
                place.end,
                (one if odds > 1 else other).name if odds != 1 else None,
                max(odds, 1 / odds),
            )
        found.append(split)
    return sorted(found, key=lambda split: -split.bits)


def most_telling(note: str, challenger: str, leader: str, knowledge: Knowledge) -> Split | None:
    """What the note says that speaks most for the challenger; None when nothing recognised does."""
    condition = knowledge.condition_named(challenger)
    found = [s for s in splits(note, challenger, leader, knowledge) if condition is not None and s.favours == condition.name]
    return max(found, key=lambda split: split.ratio, default=None)


def _heard(note: str, knowledge: Knowledge) -> list[Recognised]:
    """The findings that the note plainly states or denies.

    A phrase that only a "no" further ahead turns into a denial, with a comma between, may be either ("no fever, cough" against
    "no oedema, low ferritin"): it is left out, because what is found here is told to a model as a fact.
    """
    found = recognise(note, knowledge)
    plain = []
    for before, this in zip([None, *found], found, strict=False):
        turned = not this.present and any(alone.present for alone in recognise(note[this.start : this.end], knowledge))
        if this.finding and not (turned and before is not None and "," in note[before.end : this.start]):
            plain.append(this)
    return plain


def _information(p: float, q: float) -> float:
    """Mutual information in bits between a finding and which of two equally likely diseases it is."""
    return _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2


def _entropy(p: float) -> float:
    return 0.0 if p <= 0 or p >= 1 else -p * math.log2(p) - (1 - p) * math.log2(1 - p)
