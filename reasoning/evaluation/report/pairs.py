"""Every two arms on the cases that both answered: who is right where, by how much, and whether chance would do."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from reasoning.evaluation.statistics import holm, mcnemar_exact, paired_bootstrap
from reasoning.evaluation.suite.record import Record


def compare_arms(records: Mapping[str, Sequence[Record]]) -> list[dict[str, Any]]:
    """Second minus first, for every pair of arms with cases in common; p by McNemar's exact test, also adjusted by Holm's method."""
    rows = [row for first, second in combinations(records, 2) if (row := _compare(first, second, records)) is not None]
    for row, adjusted in zip(rows, holm([row["mcnemar"]["p"] for row in rows]), strict=True):
        row["mcnemar"]["p_holm"] = adjusted
    return rows


def _compare(first: str, second: str, records: Mapping[str, Sequence[Record]]) -> dict[str, Any] | None:
    others = {record.case: record for record in records[second]}
    pairs = [(record, others[record.case]) for record in records[first] if record.case in others]
    if not pairs:
        return None
    ones, twos = [a.right for a, _ in pairs], [b.right for _, b in pairs]
    test, difference = mcnemar_exact(ones, twos), paired_bootstrap(ones, twos)
    tokens = paired_bootstrap([a.usage.thinking_tokens for a, _ in pairs], [b.usage.thinking_tokens for _, b in pairs], draws=2_000)
    return {
        "first": first,
        "second": second,
        "n": len(pairs),
        "both_right": sum(a and b for a, b in zip(ones, twos, strict=True)),
        "difference": {"value": difference.mean, "interval": list(difference.interval), "p": difference.p},
        "mcnemar": {"only_first": test.only_first, "only_second": test.only_second, "p": test.p},
        "thinking_tokens": {"value": tokens.mean, "interval": list(tokens.interval)},
    }
