"""What of a real note the knowledge base recognises and what it misses: the to-do list of whoever lets it grow."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from cases.benchmarks.notes import SourceNote
from cases.knowledge import Knowledge
from reasoning.evaluation.matching import condition_of
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.names import main_part
from reasoning.phrases import Recognised, Word, recognise, words_of

WordKind = Literal["finding", "background", "stop word", "mark", "uncovered"]
"""Stop words state nothing; marks (numbers, signs, single letters, words of side and degree) mean something beside a word only."""

_BETWEEN_CLAUSES = re.compile(r"[.,;:!?\n]")
NUMBER = "#"


@dataclass(frozen=True)
class SeenFinding:
    """A finding that a note states or denies, in its words at text[start:end]."""

    finding: str
    name: str
    stated: bool
    words: str
    start: int
    end: int


@dataclass(frozen=True)
class NoteCoverage:
    """One note read against the knowledge base. `clauses` counts those that say something, and of these the ones with a finding."""

    id: str
    findings: tuple[SeenFinding, ...]
    words: dict[WordKind, int]
    uncovered: tuple[Word, ...]
    uncovered_pairs: tuple[str, ...]
    clauses: Share


@dataclass(frozen=True)
class Missed:
    """Words that nothing covers: how often, and in how many notes."""

    words: str
    times: int
    notes: int


@dataclass(frozen=True)
class Coverage:
    """All notes together: the most frequent misses first, findings that no note mentions, diagnoses without a condition."""

    notes: tuple[NoteCoverage, ...]
    words: dict[WordKind, int]
    recognised_words: Share
    recognised_clauses: Share
    missed_words: tuple[Missed, ...]
    missed_pairs: tuple[Missed, ...]
    never_seen: tuple[str, ...]
    diagnoses: int
    unknown_diagnoses: tuple[tuple[str, int], ...]


def cover(note: SourceNote, knowledge: Knowledge) -> NoteCoverage:
    """The findings, the uncovered words and the recognised clauses of a note."""
    words = words_of(note.text)
    recognised = recognise(note.text, knowledge, words)
    kinds = list(_kinds(words, recognised))
    clauses = [kinds[first:end] for first, end in _clauses(note.text, words)]
    telling = [clause for clause in clauses if {"finding", "uncovered"} & set(clause)]
    return NoteCoverage(
        id=note.id,
        findings=tuple(
            SeenFinding(r.finding, knowledge.findings[r.finding].name, r.present, note.text[r.start : r.end], r.start, r.end)
            for r in recognised
            if r.finding
        ),
        words=dict(Counter(kinds)),
        uncovered=tuple(word for word, kind in zip(words, kinds, strict=True) if kind == "uncovered"),
        uncovered_pairs=tuple(_pairs(note.text, words, kinds)),
        clauses=Share(sum("finding" in clause for clause in telling), len(telling)),
    )


def cover_all(notes: Sequence[SourceNote], knowledge: Knowledge) -> Coverage:
    """The coverage of all notes. `recognised_words` is the share of findings among the words that are no filler of any kind."""
    covered = [cover(note, knowledge) for note in notes]
    words: Counter[WordKind] = sum((Counter(note.words) for note in covered), Counter())
    seen = {found.finding for note in covered for found in note.findings}
    named = [names for note in notes for names in note.diagnoses]
    unknown = Counter(names[0] for names in named if not any(holds(name, knowledge) for name in names))
    return Coverage(
        notes=tuple(covered),
        words=dict(words),
        recognised_words=Share(words["finding"], words["finding"] + words["uncovered"]),
        recognised_clauses=Share(sum(note.clauses.hits for note in covered), sum(note.clauses.n for note in covered)),
        missed_words=_counted([[word.text for word in note.uncovered] for note in covered]),
        missed_pairs=_counted([note.uncovered_pairs for note in covered]),
        never_seen=tuple(finding.name for finding in knowledge.findings.values() if finding.id not in seen),
        diagnoses=len(named),
        unknown_diagnoses=tuple(unknown.most_common()),
    )


def holds(diagnosis: str, knowledge: Knowledge) -> bool:
    """Whether the knowledge base has a condition of this name, whatever circumstance the name adds."""
    return condition_of(diagnosis, knowledge) is not None or condition_of(main_part(diagnosis)[0], knowledge) is not None


def _kinds(words: Sequence[Word], recognised: Sequence[Recognised]) -> Iterator[WordKind]:
    phrases = iter(recognised)
    phrase = next(phrases, None)
    for word in words:
        while phrase is not None and phrase.end <= word.start:
            phrase = next(phrases, None)
        if phrase is not None and phrase.start <= word.start:
            yield "finding" if phrase.finding else "background"
        elif word.text in _words_without_finding():
            yield _words_without_finding()[word.text]
        else:
            yield "uncovered" if len(word.text) > 1 and word.text[0].isalpha() else "mark"


def _clauses(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """(first word, behind the last word) of each clause: what stands between punctuation, or before and after "but"."""
    first = 0
    for place in range(1, len(words)):
        if _cut(text, words[place - 1], words[place]):
            yield first, place
            first = place
    if words:
        yield first, len(words)


def _cut(text: str, before: Word, after: Word) -> bool:
    return after.text == "but" or _BETWEEN_CLAUSES.search(text[before.end : after.start]) is not None


def _pairs(text: str, words: Sequence[Word], kinds: Sequence[WordKind]) -> Iterator[str]:
    """Neighbours in one clause, at least one of them a word that nothing covers; the value of a number does not matter."""
    for place in range(1, len(words)):
        pair, both = words[place - 1 : place + 1], set(kinds[place - 1 : place + 1])
        if "uncovered" in both and both <= {"uncovered", "mark"} and not _cut(text, *pair):
            yield " ".join(NUMBER if word.text[0].isdigit() else word.text for word in pair)


def _counted(rows: Sequence[Sequence[str]]) -> tuple[Missed, ...]:
    times = Counter(words for row in rows for words in row)
    notes = Counter(words for row in rows for words in set(row))
    return tuple(Missed(words, times[words], notes[words]) for words in sorted(times, key=lambda w: (-notes[w], -times[w], w)))


@lru_cache(maxsize=1)
def _words_without_finding() -> dict[str, WordKind]:
    groups = tomllib.loads(resources.files("reasoning").joinpath("stop_words.toml").read_text("utf-8"))
    return {word: "mark" if group == "beside" else "stop word" for group, words in groups.items() for word in words.split()}
