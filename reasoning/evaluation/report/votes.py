"""Accuracy over the number of votes, from the ballots of one vote: what fewer samples would have given.

For each size all subsets of a case's ballots are counted, or many drawn ones, so that every curve ends in what was measured. Beside it
stands what independent ballots would give: with the accuracy of a single sample as p, a majority of k is right with the probability
of a binomial distribution, half of the ties among them (Condorcet 1785). Cases differ in difficulty and the ballots on one case resemble
each other: where the measured curve lies below the binomial one, the hard cases stay wrong however many vote.
"""

import math
import random
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from cases.knowledge.knowledge import spelled_alike
from reasoning.evaluation.suite.record import Record

MOST_SUBSETS = 70
"""All subsets of eight ballots; of more ballots this many drawn ones a size and case."""

Ballot = tuple[str, ...]
"""What one sample ranks, best first; empty when it could not be read."""


def votes_curve(records: Sequence[Record]) -> dict[str, Any] | None:
    """Accuracy by number of votes, and the binomial expectation; None unless every case has at least two ballots."""
    size = min((len(record.samples) for record in records), default=0)
    if size < 2:
        return None
    cases = [(_ballots(record)[:size], _right(record)) for record in records]
    single = fmean(fmean(_wins([ballot], right) for ballot in ballots) for ballots, right in cases)
    points = [
        {
            "votes": k,
            "accuracy": fmean(fmean(_wins(subset, right) for subset in _subsets(ballots, k)) for ballots, right in cases),
            "binomial": binomial_majority(k, single),
        }
        for k in range(1, size + 1)
    ]
    return {"n": len(records), "samples": size, "single": single, "points": points}


def binomial_majority(votes: int, p: float) -> float:
    """The probability that more than half of independent votes, each right with probability p, are right; a tie counts half."""
    return sum(
        math.comb(votes, k) * p**k * (1 - p) ** (votes - k) * (1.0 if 2 * k > votes else 0.5) for k in range(votes + 1) if 2 * k >= votes
    )


def winner(ballots: Iterable[Ballot]) -> str | None:
    """Who has most first places; of equals the one with the larger sum of reciprocal ranks, then the one named first."""
    first: dict[str, int] = {}
    score: dict[str, float] = {}
    for ballot in ballots:
        for place, name in enumerate(ballot, 1):
            first[name] = first.get(name, 0) + (place == 1)
            score[name] = score.get(name, 0.0) + 1 / place
    return max(first, key=lambda name: (first[name], round(score[name], 9)), default=None)


def _ballots(record: Record) -> list[Ballot]:
    if record.truth.kind == "options":
        return [(sample.choice,) if sample.choice else () for sample in record.samples]
    listed = (sample.differential.hypotheses if sample.differential else () for sample in record.samples)
    return [tuple(dict.fromkeys(_name(h.diagnosis) for h in sorted(hypotheses, key=lambda h: h.rank))) for hypotheses in listed]


def _right(record: Record) -> set[str]:
    """The names under which the right diagnosis, or the right letter, stands on this record's ballots."""
    if record.truth.kind == "options":
        return {record.truth.answer or ""}
    return {
        _name(hypothesis.diagnosis)
        for sample in record.samples
        if sample.differential and sample.rank
        for hypothesis in sample.differential.hypotheses
        if hypothesis.rank == sample.rank
    }


def _name(diagnosis: str) -> str:
    return spelled_alike(diagnosis) or diagnosis


def _wins(ballots: Sequence[Ballot], right: set[str]) -> float:
    return float(winner(ballots) in right)


def _subsets(ballots: Sequence[Ballot], k: int) -> list[Sequence[Ballot]]:
    if math.comb(len(ballots), k) <= MOST_SUBSETS:
        return list(combinations(ballots, k))
    draw = random.Random(k)
    return [[ballots[place] for place in sorted(draw.sample(range(len(ballots)), k))] for _ in range(MOST_SUBSETS)]
