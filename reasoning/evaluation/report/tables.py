"""The tables of the report: head and cells, the same for Markdown and HTML."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reasoning.evaluation.report.paper import SETS, column_of, published
from reasoning.evaluation.report.words import interval, number, of, percent, points, probability, signed

Summary = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, the lines that stand small beneath it, and a share from 0 to 1 that may be drawn as a bar."""

    text: str
    small: tuple[str, ...] = ()
    bar: float | None = None


NONE = Cell("–")


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first cell of a row is its name. `marked` rows are not of the same kind as the others."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marked: frozenset[int] = frozenset()


def results(summary: Summary) -> Table:
    """One row a strategy and baseline: how often it is right, by the kinds of items there are."""
    columns = [*_options_columns(summary), *_ranked_columns(summary)]
    arms = [(_name(arm), Cell(f"{arm['n']:,}"), *(cell(arm) for _, cell in columns)) for arm in _unforced(summary)]
    baselines = [_baseline(row, [head for head, _ in columns]) for row in summary["baselines"]]
    marked = frozenset(range(len(arms), len(arms) + len(baselines)))
    return Table(("Strategy", "n", *(head for head, _ in columns)), (*arms, *baselines), marked)


def costs(summary: Summary) -> Table:
    """Tokens and seconds a case; forced lengths too."""
    rows = [
        (
            _name(arm),
            Cell(f"{arm['n']:,}"),
            _mean(arm["thinking_tokens"]),
            _mean(arm["answer_tokens"]),
            _mean(arm["tokens_per_right_answer"]),
            _share(arm["cut_thinking"], bar=False),
            _mean(arm["seconds"], 2),
        )
        for arm in summary["arms"]
    ]
    head = (
        "Strategy",
        "n",
        "Thinking tokens",
        "Answer tokens",
        "Tokens for each right answer",
        "Thinking cut at its limit, %",
        "Seconds a case",
    )
    return Table(head, tuple(rows))


_GROUNDS = {
    "quotations_in_note": "Quotations of the answer in the note, %",
    "trace_quotations_in_note": "Quotations of the reasoning in the note, %",
    "evidence_precision": "Evidence precision, %",
    "evidence_recall": "Evidence recall, %",
    "cannot_miss": "Can't-miss diagnoses listed, %",
    "experts_listed": "Experts' diagnoses listed, %",
    "listed_by_experts": "Listed diagnoses that are the experts', %",
}
_IN_WORDS = {"evidence_precision": "evidence_word_precision", "evidence_recall": "evidence_word_recall"}


def grounds(summary: Summary) -> Table | None:
    """What the answers rest on; only columns that some strategy has figures for."""
    there = [name for name in _GROUNDS if any(arm[name] for arm in summary["arms"])]

    def cell(arm: Summary, name: str) -> Cell:
        figure, words = arm[name], arm.get(_IN_WORDS.get(name, ""))
        if figure is None:
            return NONE
        return Cell(percent(figure), (interval(figure), of(figure), *([f"in words {percent(words)} %"] if words else [])))

    rows = [(_name(arm), *(cell(arm, name) for name in there)) for arm in _unforced(summary)]
    return Table(("Strategy", *(_GROUNDS[name] for name in there)), tuple(rows)) if there and rows else None


def comparisons(summary: Summary) -> Table | None:
    """Every pair of strategies on the same cases."""
    titles = _titles(summary)
    rows = [
        (
            Cell(f"{titles[row['second']]} against {titles[row['first']]}"),
            Cell(f"{row['n']:,}"),
            Cell(points(row["difference"]["value"]), (_to(points(bound) for bound in row["difference"]["interval"]),)),
            Cell(f"{row['mcnemar']['only_second']:,} and {row['mcnemar']['only_first']:,}"),
            Cell(probability(row["mcnemar"]["p"]), (f"adjusted {probability(row['mcnemar']['p_holm'])}",)),
            Cell(signed(row["thinking_tokens"]["value"]), (_to(signed(bound) for bound in row["thinking_tokens"]["interval"]),)),
        )
        for row in summary["comparisons"]
    ]
    head = ("Comparison", "n", "Difference, points", "Only this and only the other right", "p (McNemar)", "Thinking tokens more")
    return Table(head, tuple(rows)) if rows else None


def scaling(summary: Summary) -> Table | None:
    """Control, scaling and performance of every sweep."""
    titles = _titles(summary)
    rows = [
        (
            Cell(titles.get(row["strategy"], row["strategy"])),
            Cell(", ".join(f"{length:,}" for length in row["lengths"])),
            Cell(percent(row["control"]), (interval(row["control"]), of(row["control"]))),
            Cell("–" if row["scaling"] is None else signed(row["scaling"], 1)),
            Cell(f"{100 * row['performance']:.1f}"),
        )
        for row in summary["scaling"]
    ]
    head = ("Strategy", "Lengths, tokens", "Control, %", "Scaling, points for each 1,000 tokens", "Performance, %")
    return Table(head, tuple(rows)) if rows else None


def votes(summary: Summary) -> list[tuple[str, Table]]:
    """Accuracy by number of votes, a table for each vote with its name."""
    titles = _titles(summary)
    return [
        (
            titles[curve["arm"]],
            Table(
                ("Votes", "Measured, %", "Binomial from one sample, %"),
                tuple(
                    (Cell(str(point["votes"])), Cell(f"{100 * point['accuracy']:.1f}"), Cell(f"{100 * point['binomial']:.1f}"))
                    for point in curve["points"]
                ),
            ),
        )
        for curve in summary["votes"]
    ]


def difficulty(summary: Summary) -> Table | None:
    """Mean thinking tokens by difficulty, and beneath how many are right."""
    arms = summary["difficulty"]["arms"]
    bands = list(dict.fromkeys(name for arm in arms for name in arm["bands"]))
    if len(bands) < 2:
        return None
    titles = _titles(summary)

    def cell(band: Summary | None) -> Cell:
        return NONE if band is None else Cell(number(band["mean"]), (f"{percent(band['right'])} % right, n = {band['n']:,}",))

    rows = tuple((Cell(titles[arm["arm"]]), *(cell(arm["bands"].get(name)) for name in bands)) for arm in arms)
    return Table(("Strategy", *(f"{name[:1].upper()}{name[1:]}" for name in bands)), rows)


def calibration(summary: Summary) -> Table | None:
    """What each likelihood word, or band of vote shares, came to."""
    rows = []
    for arm in _unforced(summary):
        found = arm["calibration"]
        for row in found["bins"] if found else ():
            if row["observed"]:
                low, high = row["band"]
                stated = f"{100 * low:.0f} to {100 * high:.0f}"
                observed = Cell(percent(row["observed"]), (f"{interval(row['observed'])}; {of(row['observed'])}",))
                rows.append((Cell(arm["title"]), Cell(f"{found['by']}: {row['label']}"), Cell(stated), observed))
    return Table(("Strategy", "Stated", "Band, %", "Came true, %"), tuple(rows)) if rows else None


def calibration_errors(summary: Summary) -> Table | None:
    """Expected calibration error of each strategy."""
    rows = [
        (
            Cell(arm["title"]),
            Cell(found["by"]),
            Cell(f"{found['n']:,}"),
            Cell(f"{100 * found['expected_calibration_error']:.1f}"),
            Cell(f"{100 * found['expected_band_gap']:.1f}"),
        )
        for arm in _unforced(summary)
        if (found := arm["calibration"]) and found["expected_calibration_error"] is not None
    ]
    head = ("Strategy", "Stated as", "Hypotheses", "Expected calibration error, points", "Outside the band, points")
    return Table(head, tuple(rows)) if rows else None


def paper(summary: Summary) -> Table:
    """The published table, and behind it what was measured here, marked; figures stand only where the data set is the paper's."""
    column = column_of(summary["plan"]["dataset"])
    other = () if column else (summary["plan"]["dataset"],)
    rows = [
        (
            Cell(f"{row.model}, {row.method}"),
            Cell(f"{row.mean:.2f}"),
            *(Cell(f"{row.accuracy[name]:.2f}", (f"{row.tokens[name]:,} tokens",) if row.tokens[name] else ()) for name in SETS),
            *(NONE for _ in other),
        )
        for row in published()
    ]
    ours = [_ours(arm, column or summary["plan"]["dataset"], summary, (*SETS, *other)) for arm in _unforced(summary)]
    head = ("Model, method", "Mean, %", *(f"{title}, %" for title in SETS.values()), *(f"{name}, %" for name in other))
    return Table(head, (*rows, *ours), frozenset(range(len(rows), len(rows) + len(ours))))


def _ours(arm: Summary, column: str, summary: Summary, columns: Sequence[str]) -> tuple[Cell, ...]:
    tokens = sum((arm[name] or {"value": 0})["value"] for name in ("thinking_tokens", "answer_tokens"))
    figure = Cell(percent(arm["right"]), (interval(arm["right"]), f"{number(tokens)} tokens", f"n = {arm['n']:,}"))
    model = summary["model"]["id"] if summary["model"] else "?"
    return (Cell(f"{model}, {arm['title']}", ("measured here",)), NONE, *(figure if name == column else NONE for name in columns))


Column = tuple[str, Callable[[Summary], Cell]]


def _options_columns(summary: Summary) -> Iterable[Column]:
    if "options" in summary["kinds"]:
        yield "Right option, %", lambda arm: _share(arm["options"] and arm["options"]["accuracy"])
        yield "Unparsed, %", lambda arm: _share(arm["options"] and arm["options"]["unparsed"], bar=False)


def _ranked_columns(summary: Summary) -> Iterable[Column]:
    for kind, first in (("diagnosis", "Right diagnosis first, %"), ("differential", "First is the experts', %")):
        if kind in summary["kinds"]:
            yield first, partial(_recall, kind, "1", True)
            yield from ((f"Among {depth}, %", partial(_recall, kind, depth, False)) for depth in ("3", "5", "10"))
            yield "Mean reciprocal rank", partial(_reciprocal, kind)
    if set(summary["kinds"]) != {"options"}:
        yield "Unreadable, %", lambda arm: _share(arm["unreadable"], bar=False)


def _recall(kind: str, depth: str, bar: bool, arm: Summary) -> Cell:
    return _share(arm[kind]["recall"][depth] if arm[kind] else None, bar)


def _reciprocal(kind: str, arm: Summary) -> Cell:
    return _mean(arm[kind]["mean_reciprocal_rank"] if arm[kind] else None, 3)


def _baseline(row: Summary, heads: Sequence[str]) -> tuple[Cell, ...]:
    by_head = {"Right diagnosis first, %": _share(row["recall"]["1"])}
    by_head |= {f"Among {depth}, %": _share(row["recall"][depth], bar=False) for depth in ("3", "5", "10")}
    by_head["Mean reciprocal rank"] = Cell(number(row["mean_reciprocal_rank"], 3))
    return (Cell(row["name"], ("baseline",)), Cell(f"{row['n']:,}"), *(by_head.get(head, NONE) for head in heads))


def _unforced(summary: Summary) -> list[Summary]:
    return [arm for arm in summary["arms"] if arm["exactly"] is None]


def _titles(summary: Summary) -> dict[str, str]:
    return {arm["label"]: arm["title"] for arm in summary["plan"]["arms"]}


def _name(arm: Summary) -> Cell:
    """The arm, and whether the model was tuned for it: the published gains come from tuning."""
    chain = str(arm["parameters"].get("inner", arm["strategy"]))
    tuned = "adapter" if arm["tuned"] else "prompted" if chain in ("longstep", "longmonolog") else ""
    blind = "options not shown" if "differential" in arm["way"] and arm["options"] else ""
    return Cell(arm["title"], tuple(filter(None, (tuned, blind))))


def _share(figure: Summary | None, bar: bool = True) -> Cell:
    return NONE if figure is None else Cell(percent(figure), (interval(figure),), figure["value"] if bar else None)


def _mean(figure: Summary | None, digits: int = 0) -> Cell:
    return NONE if figure is None else Cell(number(figure["value"], digits), (interval(figure, 1, digits),))


def _to(bounds: Iterable[str]) -> str:
    return " to ".join(bounds)
