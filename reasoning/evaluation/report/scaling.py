"""Test-time scaling as s1 measures it (Muennighoff et al. 2025, arXiv 2501.19393, section 3.2): control, scaling, performance.

Over the points of a sweep, each a length that the thinking is forced to: *control* is the share of answers whose thinking is as long as was
asked, *scaling* the mean slope over all pairs of points (here in percentage points for each 1,000 tokens), *performance* the best accuracy.
s1 takes control over whole runs; here it is over single answers, which is stricter.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from reasoning.evaluation.metrics import Share
from reasoning.evaluation.report.figures import share
from reasoning.evaluation.suite.record import Record

Point = dict[str, Any]


def curve_points(records: Mapping[str, Sequence[Record]]) -> list[Point]:
    """One point an arm: mean thinking tokens a case, share of right answers, and the length it was forced to, if any."""
    return [
        {
            "arm": arm,
            "strategy": rows[0].strategy,
            "exactly": rows[0].exactly,
            "thinking_tokens": fmean(r.usage.thinking_tokens for r in rows),
            "right": share(Share(sum(r.right for r in rows), len(rows))),
        }
        for arm, rows in records.items()
        if rows
    ]


def scaling_figures(records: Mapping[str, Sequence[Record]]) -> list[dict[str, Any]]:
    """Control, scaling and performance of every strategy that was swept over at least two lengths."""
    by_strategy: dict[str, list[Sequence[Record]]] = {}
    for rows in records.values():
        if rows and rows[0].exactly is not None:
            by_strategy.setdefault(_unforced(rows[0].arm), []).append(rows)
    found = []
    for name, sweeps in by_strategy.items():
        if len(sweeps) < 2:
            continue
        points = sorted((fmean(_lengths(rows)), sum(r.right for r in rows) / len(rows)) for rows in sweeps)
        kept = Share(sum(_as_asked(r) for rows in sweeps for r in rows), sum(map(len, sweeps)))
        found.append(
            {
                "strategy": name,
                "lengths": sorted(rows[0].exactly or 0 for rows in sweeps),
                "control": share(kept),
                "scaling": mean_slope(points),
                "performance": max(value for _, value in points),
            }
        )
    return found


def mean_slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The mean of (f(b) - f(a)) / (b - a) over all pairs of points, times 100,000: percentage points for each 1,000 tokens."""
    slopes = [(fb - fa) / (b - a) for (a, fa), (b, fb) in combinations(points, 2) if b != a]
    return 100_000 * fmean(slopes) if slopes else None


def _unforced(label: str) -> str:
    return ":".join(part for part in label.split(":") if part.partition("=")[0] not in ("think", "minimum_think", "waits"))


def _lengths(rows: Sequence[Record]) -> list[int]:
    return [sample.length for record in rows for sample in record.samples] or [0]


def _as_asked(record: Record) -> bool:
    """Whether the thinking is exactly as long as both its limits."""
    return bool(record.samples) and all(sample.length == record.exactly for sample in record.samples)
