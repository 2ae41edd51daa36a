"""What is measured of a ranked list of diagnoses: where the right one stands, and which others should be on it."""

from collections.abc import Iterable, Sequence

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.differential import Differential
from reasoning.evaluation.matching import best_match, match
from reasoning.evaluation.metrics import Share, within

DEPTHS = (1, 3, 5, 10)


def rank_of(listed: Sequence[str], names: Sequence[str], knowledge: Knowledge) -> int | None:
    """The place, from 1, of the first listed diagnosis that means the right one by any of its names; None when it is not listed."""
    return next((place for place, said in enumerate(listed, 1) if best_match(said, names, knowledge).verdict == "same"), None)


def gold_rank(differential: Differential | None, case: Case, knowledge: Knowledge) -> int | None:
    """The rank of a case's gold diagnosis; None when it is not listed, when there is no differential, or no gold diagnosis."""
    if differential is None or case.gold is None:
        return None
    return rank_of([h.diagnosis for h in differential.hypotheses], (case.gold, *case.gold_synonyms), knowledge)


def recall_at(ranks: Sequence[int | None], depths: Sequence[int] = DEPTHS) -> dict[int, Share]:
    """The share of cases whose right diagnosis is among the first k, for each k. What is not listed, or not readable, is wrong."""
    return {depth: within(ranks, depth) for depth in depths}


def listed_of(listed: Sequence[str], wanted: Sequence[str], knowledge: Knowledge) -> Share:
    """How many of the wanted diagnoses are listed at all, at any rank."""
    return Share(sum(any(match(said, name, knowledge).verdict == "same" for said in listed) for name in wanted), len(wanted))


def wanted_of(listed: Sequence[str], wanted: Sequence[str], knowledge: Knowledge) -> Share:
    """How many of the listed diagnoses are wanted: the precision that goes with `listed_of`."""
    return Share(sum(any(match(said, name, knowledge).verdict == "same" for name in wanted) for said in listed), len(listed))


def pooled(shares: Iterable[Share]) -> Share:
    """One share over all cases, each diagnosis (not each case) counted once."""
    rows = list(shares)
    return Share(sum(row.hits for row in rows), sum(row.n for row in rows))


def dont_miss_recall(cases: Iterable[tuple[Sequence[str], Sequence[str]]], knowledge: Knowledge) -> Share:
    """Of all the diagnoses that must not be missed, the share that is listed; over (listed, cannot_miss) of each case."""
    return pooled(listed_of(listed, cannot_miss, knowledge) for listed, cannot_miss in cases)
