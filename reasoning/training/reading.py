"""What a reader should know at each token of a note: the finding these words belong to, the one before, and what is likely so far.

The generator knows all three, so the base model learns them at every token of the note (auxiliary tasks on inner layers,
after Søgaard and Goldberg 2016) and not only from the few words of a reply that depend on them. The heads that predict
them are thrown away after training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cases.generator import GeneratedCase, running_posterior
from cases.knowledge import Knowledge
from cases.note import Stated

UNTAUGHT = -1
"""Marks a token at which nothing is asked."""


@dataclass(frozen=True)
class Signals:
    """For each token: its tag, the tag before it, and the row of `posteriors` that holds after it; UNTAUGHT where nothing is asked."""

    tags: np.ndarray
    earlier: np.ndarray
    states: np.ndarray
    posteriors: np.ndarray


def tag_count(knowledge: Knowledge) -> int:
    """Tags are: 0 for words of no finding, then two for each finding, absent and present."""
    return 1 + 2 * len(knowledge.findings)


@lru_cache(maxsize=4)
def _tags(knowledge: Knowledge) -> dict[tuple[str, bool], int]:
    return {(name, present): 1 + 2 * i + present for i, name in enumerate(knowledge.findings) for present in (False, True)}


def untaught(tokens: int) -> np.ndarray:
    """Nothing is asked at any token."""
    return np.full(tokens, UNTAUGHT, dtype=np.int64)


def no_signals(tokens: int, knowledge: Knowledge) -> Signals:
    """The signals of an example without a note."""
    nothing: np.ndarray = np.zeros((0, len(knowledge.conditions)), dtype=np.float32)
    return Signals(untaught(tokens), untaught(tokens), untaught(tokens), nothing)


def note_signals(knowledge: Knowledge, case: GeneratedCase, note_start: int, offsets: Sequence[tuple[int, int]]) -> Signals:
    """Tags for the tokens of the note, states from the first finding's end to the last token.

    `offsets` are the characters of each token in a text that holds the note from `note_start` on. The finding before is
    asked only where a finding stands: a reader who lists findings in order goes from one to the next by it.
    """
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2) - note_start
    inside = (places[:, 0] >= 0) & (places[:, 1] <= len(case.case.text))
    tags, earlier = _stated_tags(knowledge, case.stated, places)
    told = np.searchsorted(np.array([row.end for row in case.stated]), places[:, 1], side="right")
    posteriors: np.ndarray = running_posterior(knowledge, case.patient, case.stated).astype(np.float32)
    return Signals(np.where(inside, np.maximum(tags, 0), UNTAUGHT), earlier, np.where(told > 0, told, UNTAUGHT), posteriors)


def wording_signals(knowledge: Knowledge, stated: Sequence[Stated], start: int, offsets: Sequence[tuple[int, int]]) -> Signals:
    """Tags only, for wordings without a case; `stated` are places in a text that begins at `start`."""
    tags, _ = _stated_tags(knowledge, stated, np.array(offsets, dtype=np.int64).reshape(-1, 2) - start)
    return replace(no_signals(len(offsets), knowledge), tags=tags)


def _stated_tags(knowledge: Knowledge, stated: Sequence[Stated], places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tag of each token inside a finding, and the tag of the finding before it; UNTAUGHT elsewhere."""
    tags, earlier, before = untaught(len(places)), untaught(len(places)), 0
    for row in stated:
        here = (places[:, 0] < row.end) & (places[:, 1] > row.start)
        tags[here], earlier[here] = _tags(knowledge)[row.finding, row.present], before
        before = _tags(knowledge)[row.finding, row.present]
    return tags, earlier
