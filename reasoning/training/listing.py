"""Where a reply lists diagnoses in order, and what is likely at each of their places: the posterior of all not yet listed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cases.knowledge import Knowledge
from reasoning.training.reading import untaught
from reasoning.training.texts import SETTLING, WIDENING

_LISTS = re.compile(
    r"^<answer>\n[^<]+|^## (?:Hypotheses|Conclusion)\n.+"
    rf"|(?:{'|'.join(map(re.escape, (*WIDENING, *SETTLING)))}) .+|This points to [^.]+",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Listed:
    """A diagnosis in a list of the reply: its place in the text, and those listed before it."""

    condition: str
    start: int
    end: int
    before: tuple[str, ...]


@lru_cache(maxsize=2)
def _names(knowledge: Knowledge) -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Ids by name; a name that heads a hypothesis of the answer; a name in a line of names."""
    ids = {condition.name: condition.id for condition in knowledge.conditions.values()}
    names = "|".join(re.escape(name) for name in sorted(ids, key=len, reverse=True))
    in_line = rf"(?:(?<=^)|(?<=[;>?.:] )|(?<=to )|(?<=and ))(?:{names})(?=;| >|\.| and | are |$)"
    return ids, re.compile(rf"(?<=^\d\. )(?:{names})(?= \|)", re.MULTILINE), re.compile(in_line, re.MULTILINE)


def listed_diagnoses(knowledge: Knowledge, reply: str) -> list[Listed]:
    """Every diagnosis that stands in a ranked list of the reply."""
    ids, heading, in_line = _names(knowledge)
    found = []
    for block in _LISTS.finditer(reply):
        before: tuple[str, ...] = ()
        for match in (heading if block[0].startswith("<answer>") else in_line).finditer(reply, *block.span()):
            condition = ids[match[0]]
            if condition not in before:
                found.append(Listed(condition, *match.span(), before))
                before = (*before, condition)
    return found


def listing_states(
    knowledge: Knowledge, listed: Sequence[Listed], offsets: Sequence[tuple[int, int]], final: np.ndarray, first_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """The state of each token of a reply, and the posteriors they name from `first_state` on: states by conditions.

    Asked from the token before each listed diagnosis to its last, where `final` is shared out among those not yet listed;
    not where another than the likeliest of them is listed (a dangerous one that closes the list).
    """
    places = {name: i for i, name in enumerate(knowledge.conditions)}
    begins = np.array([start for start, _ in offsets])
    ends = np.array([end for _, end in offsets])
    states, posteriors = untaught(len(offsets)), list[np.ndarray]()
    for row in listed:
        left = final.copy()
        left[[places[name] for name in row.before]] = 0
        if left.argmax() != places[row.condition]:
            continue
        named = np.flatnonzero((begins < row.end) & (ends > row.start))
        states[max(named[0] - 1, 0) : named[-1] + 1] = first_state + len(posteriors)
        posteriors.append(left / left.sum())
    return states, np.array(posteriors, dtype=np.float32).reshape(-1, len(places))
