"""The figures of one arm: shares with Wilson intervals, means and ratios with bootstrap intervals, n beside each."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from reasoning.evaluation.calibration import (
    Bin,
    expected_band_gap,
    expected_calibration_error,
    reliability_of_shares,
    reliability_of_words,
)
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.ranking import recall_at
from reasoning.evaluation.statistics import bootstrap_interval, bootstrap_ratio
from reasoning.evaluation.suite.record import Record
from reasoning.evaluation.tokens import tokens_by_difficulty, tokens_per_correct

DRAWS = 2_000

Figure = dict[str, Any]


def share(of: Share) -> Figure | None:
    """A share as hits, n, value and interval; None of nothing."""
    return {"hits": of.hits, "n": of.n, "value": of.value, "interval": list(of.interval)} if of.n else None


def mean(values: Sequence[float]) -> Figure | None:
    """A mean with its bootstrap interval; None of nothing."""
    return {"value": fmean(values), "interval": list(bootstrap_interval(values, draws=DRAWS)), "n": len(values)} if values else None


def ratio(pairs: Iterable[Share]) -> Figure | None:
    """A share pooled over cases with a bootstrap interval over cases, since what one case quotes hangs together."""
    rows = [row for row in pairs if row.n]
    hits, n = sum(row.hits for row in rows), sum(row.n for row in rows)
    if not n:
        return None
    # Resampling cases that are all alike would claim certainty; Wilson's interval over the cases does not.
    alike = hits in (0, n)
    interval = Share(len(rows) if hits else 0, len(rows)).interval if alike else bootstrap_ratio([(r.hits, r.n) for r in rows], draws=DRAWS)
    return {"hits": hits, "n": n, "cases": len(rows), "value": hits / n, "interval": list(interval)}


def arm_figures(records: Sequence[Record]) -> Figure:
    """All measures of the records of one arm."""
    kinds = {kind: [r for r in records if r.truth.kind == kind] for kind in ("options", "diagnosis", "differential")}
    return {
        "n": len(records),
        "right": share(Share(sum(r.right for r in records), len(records))),
        "unreadable": share(Share(sum(not r.readable for r in records), len(records))),
        "options": _options(kinds["options"]),
        "diagnosis": _ranked(kinds["diagnosis"]),
        "differential": _ranked(kinds["differential"]),
        "experts_listed": ratio(_there(records, lambda r: r.experts_listed)),
        "listed_by_experts": ratio(_there(records, lambda r: r.listed_by_experts)),
        "cannot_miss": ratio(_there(records, lambda r: r.cannot_miss)),
        "evidence_precision": ratio(r.evidence.precision for r in records if r.evidence),
        "evidence_recall": ratio(r.evidence.recall for r in records if r.evidence),
        "evidence_word_precision": ratio(r.evidence.word_precision for r in records if r.evidence),
        "evidence_word_recall": ratio(r.evidence.word_recall for r in records if r.evidence),
        "quotations_in_note": ratio(r.quotations for r in records),
        "trace_quotations_in_note": ratio(r.traced for r in records),
        "calibration": _calibration(records),
        **_costs(records),
        "tokens_by_difficulty": {
            name: {"n": row.n, "mean": row.mean, "median": row.median, "most": row.most}
            for name, row in tokens_by_difficulty((r.difficulty, r.usage.thinking_tokens) for r in records).items()
        },
    }


def _options(records: Sequence[Record]) -> Figure | None:
    if not records:
        return None
    return {
        "accuracy": share(Share(sum(r.right for r in records), len(records))),
        "unparsed": share(Share(sum(r.choice is None for r in records), len(records))),
        "read_by": dict(Counter(r.read_by or "" for r in records).most_common()),
        "ways": dict(Counter(r.way for r in records).most_common()),
    }


def _ranked(records: Sequence[Record]) -> Figure | None:
    if not records:
        return None
    ranks = [r.rank for r in records]
    return {
        "recall": {str(depth): share(found) for depth, found in recall_at(ranks).items()},
        "mean_reciprocal_rank": mean([1 / rank if rank else 0.0 for rank in ranks]),
        "listed": mean([float(len(r.differential.hypotheses)) if r.differential else 0.0 for r in records]),
    }


def _costs(records: Sequence[Record]) -> Figure:
    spent, right = [r.usage.generated_tokens for r in records], [r.right for r in records]
    logprobs = [s.mean_logprob for r in records for s in r.samples if s.mean_logprob is not None]
    each = tokens_per_correct(spent, right)
    return {
        "thinking_tokens": mean([float(r.usage.thinking_tokens) for r in records]),
        "answer_tokens": mean([float(r.usage.answer_tokens) for r in records]),
        "tokens_per_right_answer": None
        if each is None
        else {
            "value": each,
            "interval": list(bootstrap_ratio([(t, good) for t, good in zip(spent, right, strict=True)], draws=DRAWS)),
            "n": sum(right),
        },
        "seconds": mean([r.share_seconds for r in records]),
        "waited_seconds": mean([r.seconds for r in records]),
        "cut_thinking": share(Share(sum(_cut(r) for r in records), len(records))),
        "mean_logprob": fmean(logprobs) if logprobs else None,
    }


def _cut(record: Record) -> bool:
    """Whether the limit closed the thinking of any chain."""
    return any(sample.length >= record.budget.thinking_tokens for sample in record.samples)


def _calibration(records: Sequence[Record]) -> Figure | None:
    """Of votes by their share, else by the model's own likelihood words; only where one diagnosis or option is right."""
    shares = [
        (h.votes.first / h.votes.samples, h.rank == r.rank)
        for r in records
        if r.truth.kind == "diagnosis"
        for h in (r.differential.hypotheses if r.differential else ())
        if h.votes is not None and h.votes.samples
    ]
    shares += [(r.choice_votes / len(r.samples), r.right) for r in records if r.choice_votes]
    if shares:
        return _bins("vote share", reliability_of_shares(shares, 5))
    words = [
        (h.likelihood, h.rank == r.rank)
        for r in records
        if r.truth.kind == "diagnosis"
        for h in (r.differential.hypotheses if r.differential else ())
    ]
    return _bins("likelihood word", reliability_of_words(words)) if words else None


def _bins(by: str, bins: Sequence[Bin]) -> Figure:
    return {
        "by": by,
        "n": sum(row.observed.n for row in bins),
        "expected_calibration_error": expected_calibration_error(bins),
        "expected_band_gap": expected_band_gap(bins),
        "bins": [{"label": row.label, "band": list(row.band), "stated": row.stated, "observed": share(row.observed)} for row in bins],
    }


def _there(records: Iterable[Record], of: Callable[[Record], Share | None]) -> list[Share]:
    return [found for record in records if (found := of(record)) is not None]
