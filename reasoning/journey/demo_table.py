"""The table of a journey in miniature: every base and way of thinking, alone and voted, in three bands of difficulty."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reasoning.evaluation.metrics import Share, within
from reasoning.evaluation.statistics import mcnemar_exact
from reasoning.evaluation.suite import Record, read_folder

BANDS = ("easy", "medium", "hard")
TITLES = {"vanilla": "Direct answer", "cot": "Chain of thought", "longstep": "LongStep", "longmonolog": "LongMonolog"}
FILE = "journey.md"


@dataclass(frozen=True)
class Place:
    """Where the answers of one base lie; `tuned` when its strategies had adapters."""

    base: str
    tuned: bool
    folder: Path


def write_table(folder: Path, places: Sequence[Place]) -> Path:
    """The table as Markdown in `folder`, drawn from the records; its path."""
    kept = [(place, read_folder(place.folder)) for place in places]
    lines = [
        "# The journey in miniature",
        "",
        "Held-out generated cases; percentages with 95 % Wilson intervals; an unreadable answer counts as wrong. *Against direct*: the",
        "difference in first diagnoses to the same base's direct answer, and the probability of a split this uneven by chance",
        "(McNemar, exact). *Trace true*: of what the trace says the note says, the share that it does say.",
        "",
        "| base | method | n | first, % | among three, % | "
        + " | ".join(f"{band}, %" for band in BANDS)
        + " | tokens | trace true, % | against direct |",
        "|---|---|---|---|---|" + "---|" * len(BANDS) + "---|---|---|",
    ]
    direct: dict[str, dict[str, bool]] = {}
    for place, found in kept:
        by_arm: dict[str, list[Record]] = {}
        for record in found.records:
            by_arm.setdefault(record.arm, []).append(record)
        direct.setdefault(place.base, {record.case: record.right for record in by_arm.get("vanilla", ())})
        lines += [_row(place, arm, rows, direct[place.base]) for arm, rows in by_arm.items()]
    lines += ["", "What naive Bayes and the exact posterior of the generator reach on the same cases, %:", ""]
    lines += ["| reader | n | first | among three |", "|---|---|---|---|"]
    for name, ranks in kept[0][1].baselines.items():
        lines.append(
            f"| {name} | {len(ranks)} | {_percent(within(list(ranks.values()), 1))} | {_percent(within(list(ranks.values()), 3))} |"
        )
    path = folder / FILE
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _row(place: Place, arm: str, rows: Sequence[Record], direct: dict[str, bool]) -> str:
    ranks = [record.rank for record in rows]
    bands = [within([record.rank for record in rows if record.difficulty == band], 1) for band in BANDS]
    tokens = sum(record.usage.thinking_tokens + record.usage.answer_tokens for record in rows) / len(rows)
    quoted, true = sum(record.traced.n for record in rows), sum(record.traced.hits for record in rows)
    cells = [
        place.base, _title(place, rows[0]), str(len(rows)), _percent(within(ranks, 1), True), _percent(within(ranks, 3), True),
        *map(_percent, bands), f"{tokens:.0f}", _percent(Share(true, quoted)) if quoted else "–", _against(arm, rows, direct),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _title(place: Place, record: Record) -> str:
    inner = str(record.parameters.get("inner", record.strategy))
    name = TITLES[inner] + (", tuned" if place.tuned else "")
    return f"{name}, vote of {record.parameters['samples']}" if inner != record.strategy else name


def _percent(share: Share, interval: bool = False) -> str:
    if not share.n:
        return "–"
    low, high = share.interval
    return f"{100 * share.value:.1f}" + (f" ({100 * low:.1f} to {100 * high:.1f})" if interval else "")


def _against(arm: str, rows: Sequence[Record], direct: dict[str, bool]) -> str:
    if arm == "vanilla" or not all(record.case in direct for record in rows):
        return "–"
    first, second = [direct[record.case] for record in rows], [record.right for record in rows]
    return f"{100 * (sum(second) - sum(first)) / len(rows):+.1f} (p {mcnemar_exact(first, second).p:.2g})"
