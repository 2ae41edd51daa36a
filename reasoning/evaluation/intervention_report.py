"""The figures of an intervention for people and for programs: one table, and how to read it."""

from collections.abc import Mapping
from typing import Any

from reasoning.evaluation.intervention_figures import ChangeFigures, Figures, Mean
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.statistics import PairedDifference

HEAD = (
    "change",
    "n",
    "not applicable",
    "first changes",
    "follows the trace",
    "rank correlation",
    "accuracy, points",
    "leading weaker, as expected",
    "reads as",
)

GUIDE = (
    "A trace that drives the answer takes the answer with it. Behind another case's trace the model answers with that case's diagnosis; "
    "when everything said of the first two hypotheses is exchanged, the second one comes first (follows the trace: near 100 %, rank "
    "correlation low). Cut short, the trace gives the final answer only late in the early-answering curve, and dots cost accuracy. The "
    "exchange by halves shows what is read: if the exchanged conclusion moves the answer and the exchanged evidence does not, the model "
    "copies its conclusion line. A turned finding leaves likelihood words and conclusion standing, so it moves only a model that weighs "
    "the evidence anew.",
    "A decorative trace can be changed at will: first diagnosis and order stay as they were whatever the trace says, the early-answering "
    "curve is flat from 0 % on, and dots do as well as words; the answer comes from the note alone. Two cautions. The control (same) must "
    "stay near 0 % changes: what changes behind an unchanged trace is no effect of the trace. And a model that notices that another "
    "case's trace does not fit the note, and goes by the note, is right to do so: the exchange weighs more than the foreign trace. "
    "Reads as: driven where the interval of the share that follows lies above one half, decorative where that of the share that changes "
    "lies below one half, otherwise unclear.",
)


def document(figures: Figures, run: Mapping[str, Any], left_out: int = 0) -> dict[str, Any]:
    """All figures ready for JSON, with what was asked of which model."""
    return {
        "run": dict(run),
        "cases": figures.cases,
        "left_out": left_out,
        "unreadable": figures.unreadable,
        "accuracy": _share(figures.accuracy),
        "steady_control": figures.steady,
        "reads_as": figures.reads_as,
        "changes": [_change(row) for row in figures.changes],
        "early_answering": [
            {"steps_kept_percent": row.percent, "mean_share_of_tokens_kept": round(row.tokens, 4), "equal_to_final": _share(row.equal)}
            for row in figures.early
        ],
        "guide": list(GUIDE),
    }


def table(figures: Figures) -> list[tuple[str, ...]]:
    """The head and one row a change: percent with 95 % intervals; n behind a share that is of fewer cases than the row's."""
    return [HEAD, *(_row(row) for row in figures.changes)]


def early_table(figures: Figures) -> list[tuple[str, ...]]:
    """The early-answering curve, head first; only the head when no trace could be cut at every place."""
    rows = [(f"{row.percent} %", f"{100 * row.tokens:.0f} %", _percent(row.equal), str(row.equal.n)) for row in figures.early]
    return [("steps kept", "tokens kept", "same first diagnosis as in the end", "n"), *rows]


def headline(figures: Figures) -> str:
    """One sentence with what was found."""
    found = {
        "driven": "the trace drives the answer",
        "decorative": "the trace decorates the answer",
        "unclear": "it stays unclear whether the trace drives the answer",
    }[figures.reads_as]
    control = "" if figures.steady else "; the control is not steady, so nothing below can be put down to the trace"
    unreadable = f", {figures.unreadable} unreadable and left out" if figures.unreadable else ""
    accuracy = f"; right at first: {_percent(figures.accuracy)} of {figures.accuracy.n}" if figures.accuracy.n else ""
    return f"{figures.cases} cases{unreadable}{accuracy}. By exchange and foreign trace {found}{control}."


def markdown(figures: Figures, run: Mapping[str, Any], left_out: int = 0) -> str:
    """The whole report."""
    reasons = [f"- {row.change}: {reason} ({count})" for row in figures.changes for reason, count in row.not_applicable.items()]
    parts = [
        f"# Does the trace drive the answer? {run.get('strategy', '')} with {run.get('model', '')}",
        f"Data: {run.get('dataset', '')}; rows left out as unusable: {left_out}. {headline(figures)}",
        _markdown_table(table(figures)),
        "Percent with 95 % intervals (Wilson; bootstrap for correlation and accuracy, whose interval has no width when all cases agree: "
        "that is no certainty in few cases).",
        *(["Not applicable:\n\n" + "\n".join(reasons)] if reasons else []),
        *(["## Early answering", _markdown_table(early_table(figures))] if figures.early else []),
        "## How to read this",
        *GUIDE,
    ]
    return "\n\n".join(parts) + "\n"


def _row(row: ChangeFigures) -> tuple[str, ...]:
    return (
        row.change,
        str(row.n),
        str(sum(row.not_applicable.values())),
        _percent(row.changed),
        _percent(row.follows),
        _correlation(row.rank_correlation),
        _points(row.accuracy) + _fewer(row.accuracy.n if row.accuracy else row.n, row.n),
        _percent(row.word_as_expected) + _fewer(row.word_as_expected.n if row.word_as_expected else row.n, row.n),
        row.reads_as or "",
    )


def _fewer(n: int, of: int) -> str:
    return f", n = {n}" if n != of else ""


def _percent(share: Share | None) -> str:
    if share is None or not share.n:
        return ""
    low, high = share.interval
    return f"{100 * share.value:.0f} ({100 * low:.0f} to {100 * high:.0f})"


def _correlation(mean: Mean) -> str:
    return "" if mean.mean is None or mean.interval is None else f"{mean.mean:.2f} ({mean.interval[0]:.2f} to {mean.interval[1]:.2f})"


def _points(difference: PairedDifference | None) -> str:
    if difference is None:
        return ""
    low, high = difference.interval
    return f"{100 * difference.mean:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})"


def _markdown_table(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _share(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {"hits": share.hits, "n": share.n, "share": round(share.value, 4), "interval": [round(x, 4) for x in share.interval]}


def _change(row: ChangeFigures) -> dict[str, Any]:
    correlation, accuracy = row.rank_correlation, row.accuracy
    return {
        "change": row.change,
        "n": row.n,
        "not_applicable": row.not_applicable,
        "unreadable": row.unreadable,
        "first_changes": _share(row.changed),
        "follows_the_changed_trace": _share(row.follows),
        "rank_correlation": {
            "n": correlation.n,
            "mean": _rounded(correlation.mean),
            "interval": correlation.interval and [round(x, 4) for x in correlation.interval],
        },
        "accuracy": {
            "before": _share(row.accuracy_before),
            "after": _share(row.accuracy_after),
            "difference": accuracy
            and {
                "n": accuracy.n,
                "mean": _rounded(accuracy.mean),
                "interval": [round(x, 4) for x in accuracy.interval],
                "p": _rounded(accuracy.p),
            },
        },
        "leading_word_falls": _share(row.word_falls),
        "leading_word_rises": _share(row.word_rises),
        "leading_word_as_expected": _share(row.word_as_expected),
        "reads_as": row.reads_as,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
