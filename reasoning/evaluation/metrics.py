"""Shares and ranks over cases, and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from reasoning.evaluation.statistics import wilson_interval


@dataclass(frozen=True)
class Share:
    """A share of n with its 95 % Wilson interval (Wilson 1927), which stays honest near 0 and 1."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.hits, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def within(ranks: Sequence[int | None], k: int) -> Share:
    """Top-k accuracy. An unreadable answer counts as wrong."""
    return Share(sum(rank is not None and rank <= k for rank in ranks), len(ranks))


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """Mean of 1/rank, 0 for what is not listed."""
    return sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else 0.0
