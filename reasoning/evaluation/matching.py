"""Whether two free-form names mean one diagnosis, by stated rungs; the rung that matched is kept beside the verdict.

Plain string comparison agrees with clinicians in 70 to 75 % of cases only. The rungs, from the surest down:

| rung | verdict | meaning |
|---|---|---|
| exact | same | the same letters, once spelling is evened out |
| same words | same | the same words in another order, number or synonym |
| synonym | same | one condition of the knowledge base, or a synonym that the data set gives |
| main part | same | as above, once a circumstance is left off (… with right heart strain), or a cause of a known condition |
| different cause | related | as above, once another cause is left off (… due to hepatitis C) |
| two forms | related | forms of one disease that exclude each other (gastric ulcer, duodenal ulcer) |
| icd10 … | related | both conditions are known and their codes are the same, one above the other, or in one category |
| broader name | related | one name is the other with a further word before it (pneumonia, aspiration pneumonia) |
| none | different | nothing of the above |

How well this agrees with labelled pairs: `reasoning.evaluation.agreement`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cases.knowledge import Condition, Knowledge
from reasoning.evaluation.icd10 import icd10_relation
from reasoning.evaluation.names import (
    every_word,
    exclude_each_other,
    main_part,
    name_words,
    plain,
    spellings,
    words_of_name,
    words_without_forms,
)

Rung = Literal[
    "exact",
    "same words",
    "synonym",
    "main part",
    "different cause",
    "two forms",
    "icd10 same code",
    "icd10 parent",
    "icd10 same category",
    "broader name",
    "none",
]
Verdict = Literal["same", "related", "different"]

SAME: tuple[Rung, ...] = ("exact", "same words", "synonym", "main part")
_ORDER = {rung: place for place, rung in enumerate(Rung.__args__)}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Match:
    """How a name that was said relates to the right one."""

    rung: Rung
    said: str
    right: str

    @property
    def verdict(self) -> Verdict:
        return "same" if self.rung in SAME else "different" if self.rung == "none" else "related"

    @property
    def points(self) -> int:
        """2 same, 1 related, 0 different: the scale judges use; only 2 is right."""
        return {"same": 2, "related": 1, "different": 0}[self.verdict]


def match(said: str, right: str, knowledge: Knowledge) -> Match:
    """The highest rung on which two names meet. Symmetric but for which name is which."""
    return Match(_rung(said, right, knowledge), said, right)


def best_match(said: str, names: Sequence[str], knowledge: Knowledge) -> Match:
    """The best match with any name of the right diagnosis: its own first, then its synonyms. Raises ValueError without names."""
    if not names:
        raise ValueError("a diagnosis needs at least one name to be matched with")
    found = [match(said, names[0], knowledge), *(_with_synonym(said, name, names[0], knowledge) for name in names[1:])]
    return min(found, key=lambda one: _ORDER[one.rung])


def _with_synonym(said: str, synonym: str, right: str, knowledge: Knowledge) -> Match:
    """As `match`, but a synonym has to be said in full: a severe allergic reaction is anaphylaxis, an allergic reaction need not be."""
    rung = _rung(said, synonym, knowledge)
    if rung in ("same words", "main part") and not every_word(synonym) <= every_word(said):
        rung = "broader name"
    return Match("synonym" if rung in ("exact", "same words") else rung, said, right)


@lru_cache(maxsize=16_384)
def _rung(said: str, right: str, knowledge: Knowledge) -> Rung:
    excluding = exclude_each_other(said, right)
    whole = _same(said, right, knowledge)
    if whole and not excluding:
        return whole
    (main_said, cut_said), (main_right, cut_right) = main_part(said), main_part(right)
    if (cut_said or cut_right) and _same(main_said, main_right, knowledge):
        # A cause on one side only does not change a disease that the knowledge base knows as one.
        apart = "cause" in (cut_said, cut_right) and (cut_said == cut_right or condition_of(main_said, knowledge) is None)
        if apart:
            return "different cause"
        if not excluding:
            return "main part"
    if excluding and (whole or words_without_forms(said) == words_without_forms(right)):
        return "two forms"
    return _codes(said, right, knowledge) or _broader(said, right, knowledge) or "none"


def _same(said: str, right: str, knowledge: Knowledge) -> Rung | None:
    """The rung on which two names are the same, whatever forms they state."""
    if set(spellings(said)) & set(spellings(right)):
        return "exact"
    if words_of_name(said) and words_of_name(said) == words_of_name(right):
        return "same words"
    one, other = condition_of(said, knowledge), condition_of(right, knowledge)
    return "synonym" if one is not None and other is not None and one.id == other.id else None


def condition_of(name: str, knowledge: Knowledge) -> Condition | None:
    """The condition of the knowledge base that a name means: by any of its spellings, else by its words."""
    known = next((condition for spelling in spellings(name) if (condition := knowledge.condition_named(spelling))), None)
    by_words = _by_words(knowledge)
    return known or by_words.get(every_word(name)) or by_words.get(words_of_name(name))


@lru_cache(maxsize=4)
def _by_words(knowledge: Knowledge) -> dict[frozenset[str], Condition]:
    """Conditions by the words of any of their names; words that fit several conditions are left out."""
    found: dict[frozenset[str], Condition | None] = {}
    for condition in knowledge.conditions.values():
        for name in (condition.name, *condition.synonyms):
            words = every_word(name)
            found[words] = condition if found.get(words, condition) is condition else None
    return {words: condition for words, condition in found.items() if condition is not None and words}


def _codes(said: str, right: str, knowledge: Knowledge) -> Rung | None:
    one, other = condition_of(said, knowledge), condition_of(right, knowledge)
    relation = icd10_relation(one.icd10, other.icd10) if one and other and one.id != other.id else None
    rungs: dict[str | None, Rung] = {"same code": "icd10 same code", "parent": "icd10 parent", "same category": "icd10 same category"}
    return rungs.get(relation)


def _broader(said: str, right: str, knowledge: Knowledge) -> Rung | None:
    one, other = condition_of(said, knowledge), condition_of(right, knowledge)
    if one and other:
        # Two known conditions are related by their codes or not at all: their synonyms are too loose to be taken apart.
        return "broader name" if _form_of(said, right) else None
    known = other or one
    names = (known.name, *known.synonyms) if known else ()
    pairs = [(said, right), *(((said, name) if other else (name, right)) for name in names)]
    return "broader name" if any(_form_of(*pair) for pair in pairs) else None


def _form_of(name: str, other: str) -> bool:
    """Whether one name ends as the other does and says all that it says, unless that last word carries no disease, or "non" reverses it."""
    heads = {next((word for word in reversed(plain(text).split()) if len(word) > 1), "") for text in (name, other)}
    words, others = words_of_name(name), words_of_name(other)
    nested = bool(words and others) and (words < others or others < words)
    return nested and len(heads) == 1 and not heads & name_words().not_a_form_of and "non" not in words ^ others
