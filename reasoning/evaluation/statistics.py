"""How sure a figure is, and whether two strategies differ on the same cases."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

DRAWS = 10_000
_AT_ONCE = 1_000_000
"""Resampled values held at a time: enough draws for speed, few enough for a small machine."""

Floats = np.ndarray[Any, np.dtype[np.float64]]
Statistic = Callable[[Floats], Floats]
Interval = tuple[float, float]


def mean_of_rows(values: Floats) -> Floats:
    """The mean of each row, the statistic of shares and of mean reciprocal ranks."""
    means: Floats = values.mean(axis=1)
    return means


def wilson_interval(hits: int, n: int, level: float = 0.95) -> Interval:
    """The interval of a share, honest near 0 and 1 (Wilson 1927); (0, 1) when there are no cases."""
    if not n:
        return 0.0, 1.0
    z, p = NormalDist().inv_cdf((1 + level) / 2), hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    # Exactly 0 and 1 at the ends, where rounding would leave a little.
    return 0.0 if hits == 0 else low, 1.0 if hits == n else high


def bootstrap_interval(
    values: Sequence[float], statistic: Statistic = mean_of_rows, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> Interval:
    """The percentile interval of a statistic of one value a case (Efron 1979). Raises ValueError without cases.

    `statistic` takes an array of draws by cases and gives one value a draw.
    """
    return _percentiles(_resampled(np.asarray(values, dtype=np.float64), statistic, draws, seed), level)


def bootstrap_ratio(pairs: Sequence[tuple[float, float]], level: float = 0.95, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The percentile interval of one sum over another, cases resampled whole: of quotations within cases, say, or tokens per right answer.

    Infinite above when a resample may hold nothing to divide by. Raises ValueError without cases.
    """

    def ratio(values: Floats) -> Floats:
        sums = values.sum(axis=1)
        ratios: Floats = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.inf), where=sums[:, 1] > 0)
        return ratios

    return _percentiles(_resampled(np.asarray(pairs, dtype=np.float64).reshape(-1, 2), ratio, draws, seed), level)


def holm(p: Sequence[float]) -> list[float]:
    """Probabilities adjusted for having made several comparisons, in their own order (Holm 1979)."""
    order = sorted(range(len(p)), key=lambda place: p[place])
    adjusted, least = [0.0] * len(p), 0.0
    for done, place in enumerate(order):
        least = max(least, min(1.0, (len(p) - done) * p[place]))
        adjusted[place] = least
    return adjusted


@dataclass(frozen=True)
class McNemar:
    """Cases that only one of two strategies got right, and the exact two-sided probability of a split this uneven by chance."""

    only_first: int
    only_second: int
    n: int
    p: float


def mcnemar_exact(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """McNemar's test on paired outcomes with the binomial distribution in place of chi-square (McNemar 1947; exact at any n).

    Raises ValueError unless both are over the same cases.
    """
    pairs = list(zip(first, second, strict=True))
    one, other = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    discordant = one + other
    tail = sum(math.comb(discordant, k) for k in range(min(one, other) + 1))
    # Whole numbers until the end: 0.5 ** discordant is 0 for a thousand cases and more.
    return McNemar(one, other, len(pairs), min(1.0, 2 * tail / 2**discordant))


@dataclass(frozen=True)
class PairedDifference:
    """Second strategy minus first over the same cases: mean, interval, and a two-sided bootstrap p (never below 1 / (draws + 1))."""

    mean: float
    interval: Interval
    p: float
    n: int


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> PairedDifference:
    """The mean difference of two values a case, cases resampled together (Efron and Tibshirani 1993).

    Raises ValueError unless both are over the same cases, at least one.
    """
    differences = np.array([b - a for a, b in zip(first, second, strict=True)], dtype=np.float64)
    means = _resampled(differences, mean_of_rows, draws, seed)
    beyond = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (beyond + 1) / (draws + 1))
    return PairedDifference(float(differences.mean()), _percentiles(means, level), p, len(differences))


def _resampled(values: Floats, statistic: Statistic, draws: int, seed: int) -> Floats:
    n = len(values)
    if not n:
        raise ValueError("a bootstrap needs at least one case")
    draw = np.random.default_rng(seed)
    sizes = [min(draws - done, max(1, _AT_ONCE // n)) for done in range(0, draws, max(1, _AT_ONCE // n))]
    return np.concatenate([statistic(values[draw.integers(0, n, (size, n))]) for size in sizes])


def _percentiles(values: Floats, level: float) -> Interval:
    # "nearest" keeps an infinite value infinite, where interpolation would give no number.
    method: Literal["nearest", "linear"] = "nearest" if np.isinf(values).any() else "linear"
    return float(np.quantile(values, (1 - level) / 2, method=method)), float(np.quantile(values, (1 + level) / 2, method=method))
