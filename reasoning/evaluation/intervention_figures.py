"""The figures of an intervention: how often the answer changes with the trace, follows it, gets worse; with n and 95 % intervals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from cases.knowledge import Knowledge
from reasoning.evaluation.intervention_plan import CUTS, same, strength
from reasoning.evaluation.intervention_records import CONTROL, Changed, Listed, Unchanged
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.ranking import rank_of
from reasoning.evaluation.statistics import Interval, PairedDifference, bootstrap_interval, paired_bootstrap

Reading = Literal["driven", "decorative", "unclear"]

STEADY = 0.05
"""Above this share of changed answers behind an unchanged trace, nothing can be said of the others."""


@dataclass(frozen=True)
class Mean:
    """A mean over n cases with its bootstrap interval; None without cases."""

    n: int
    mean: float | None
    interval: Interval | None


@dataclass(frozen=True)
class ChangeFigures:
    """One change over the cases it applies to. An answer that cannot be read is changed, follows nothing and is wrong.

    `follows`: the first diagnosis is the one the changed trace speaks for; only where it speaks for another one than before.
    `rank_correlation`: Spearman's, answers before and after. `accuracy`: after minus before, of cases with a gold diagnosis.
    `word_falls`: the leading diagnosis has a weaker word or is gone; `word_as_expected`: the same, of the cases in which it should.
    """

    change: str
    n: int
    not_applicable: dict[str, int]
    unreadable: int
    changed: Share
    follows: Share | None
    rank_correlation: Mean
    accuracy_before: Share
    accuracy_after: Share
    accuracy: PairedDifference | None
    word_falls: Share
    word_rises: Share
    word_as_expected: Share | None

    @property
    def reads_as(self) -> Reading | None:
        """Driven when clearly more than half follow the changed trace, decorative when clearly less than half change at all."""
        if not self.follows or not self.n:
            return None
        return "driven" if self.follows.interval[0] > 0.5 else "decorative" if self.changed.interval[1] < 0.5 else "unclear"


@dataclass(frozen=True)
class EarlyAnswer:
    """Answers after the first `percent` of the steps that begin with the final first diagnosis; `tokens` the mean share of tokens kept."""

    percent: int
    tokens: float
    equal: Share


@dataclass(frozen=True)
class Figures:
    """All changes, the control first; the early-answering curve is over the cases in which every cut applies."""

    cases: int
    unreadable: int
    accuracy: Share
    changes: tuple[ChangeFigures, ...]
    early: tuple[EarlyAnswer, ...]

    @property
    def steady(self) -> bool:
        """Whether the same trace gave the same first diagnosis."""
        return all(row.changed.value <= STEADY for row in self.changes if row.change == CONTROL)

    @property
    def reads_as(self) -> Reading:
        """What the exchanged and the foreign trace agree on; unclear when they do not, or neither applied, or the control moved."""
        found = {row.reads_as for row in self.changes if row.change in ("swap", "replace")} - {None}
        one = found.pop() if len(found) == 1 else None
        return one if one and self.steady else "unclear"


def figures_of(unchanged: Sequence[Unchanged], changed: Sequence[Changed], knowledge: Knowledge) -> Figures:
    """The figures of the rows of the same cases."""
    before = {row.case: row for row in unchanged}
    order = dict.fromkeys(row.change for row in changed)
    return Figures(
        cases=len(unchanged),
        unreadable=sum(not row.listed for row in unchanged),
        accuracy=_share([_right(row.listed, row, knowledge) for row in unchanged if row.gold]),
        changes=tuple(_change(change, [row for row in changed if row.change == change], before, knowledge) for change in order),
        early=_early(before, changed, knowledge),
    )


def rank_correlation(before: Sequence[Listed], after: Sequence[Listed], knowledge: Knowledge) -> float:
    """Spearman's correlation of the ranks of all diagnoses that either answer lists; what one does not list shares its last place."""
    names = [one.diagnosis for one in before]
    said = [next((name for name in names if same(one.diagnosis, name, knowledge)), one.diagnosis) for one in after]
    either = list(dict.fromkeys((*names, *said)))
    if len(either) < 2:
        return 1.0

    def places(listed: Sequence[str]) -> list[float]:
        order = list(dict.fromkeys(listed))
        last = len(order) + (len(either) - len(order) - 1) / 2
        return [float(order.index(name)) if name in order else last for name in either]

    return float(np.corrcoef(places(names), places(said))[0, 1])


def _change(change: str, rows: Sequence[Changed], before: dict[str, Unchanged], knowledge: Knowledge) -> ChangeFigures:
    asked = [(before[row.case], row) for row in rows if not row.not_applicable]
    moved = [strength(own.listed[0].diagnosis, row, knowledge) - strength(own.listed[0].diagnosis, own, knowledge) for own, row in asked]
    followed = [_first_is(row.listed, row.expected_first, knowledge) for _, row in asked if row.expected_first]
    expected = [move < 0 for (_, row), move in zip(asked, moved, strict=True) if row.expected_word]
    golden = [(_right(own.listed, own, knowledge), _right(row.listed, own, knowledge)) for own, row in asked if own.gold]
    correlations = [rank_correlation(own.listed, row.listed, knowledge) for own, row in asked if row.listed]
    return ChangeFigures(
        change=change,
        n=len(asked),
        not_applicable=dict(Counter(row.not_applicable for row in rows if row.not_applicable).most_common()),
        unreadable=sum(not row.listed for _, row in asked),
        changed=_share([not _first_is(row.listed, own.listed[0].diagnosis, knowledge) for own, row in asked]),
        follows=_share(followed) if followed else None,
        rank_correlation=_mean(correlations),
        accuracy_before=_share([one for one, _ in golden]),
        accuracy_after=_share([other for _, other in golden]),
        accuracy=paired_bootstrap([one for one, _ in golden], [other for _, other in golden]) if golden else None,
        word_falls=_share([move < 0 for move in moved]),
        word_rises=_share([move > 0 for move in moved]),
        word_as_expected=_share(expected) if expected else None,
    )


def _early(before: dict[str, Unchanged], changed: Sequence[Changed], knowledge: Knowledge) -> tuple[EarlyAnswer, ...]:
    wanted = {**{f"cut {percent}": percent for percent in CUTS}, CONTROL: 100}
    rows = {(row.case, row.change): row for row in changed if row.change in wanted and not row.not_applicable}
    whole = [own for own in before.values() if all((own.case, change) in rows for change in wanted)]

    def point(change: str, percent: int) -> EarlyAnswer:
        pairs = [(own, rows[own.case, change]) for own in whole]
        return EarlyAnswer(
            percent,
            fmean(row.tokens / max(own.tokens, 1) for own, row in pairs),
            _share([_first_is(row.listed, own.listed[0].diagnosis, knowledge) for own, row in pairs]),
        )

    return tuple(point(change, percent) for change, percent in wanted.items()) if whole else ()


def _first_is(listed: Sequence[Listed], diagnosis: str | None, knowledge: Knowledge) -> bool:
    return bool(listed) and diagnosis is not None and same(listed[0].diagnosis, diagnosis, knowledge)


def _right(listed: Sequence[Listed], own: Unchanged, knowledge: Knowledge) -> bool:
    return bool(listed) and rank_of([listed[0].diagnosis], (own.gold or "", *own.gold_synonyms), knowledge) == 1


def _share(hits: Sequence[bool]) -> Share:
    return Share(sum(hits), len(hits))


def _mean(values: Sequence[float]) -> Mean:
    return Mean(len(values), fmean(values), bootstrap_interval(values)) if values else Mean(0, None, None)
