"""Strategies side by side in the fewest figures that are honest: how often right, how sure, and how many could not be read."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.ui.figures import draw_table
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.report.tables import NONE, Cell, Table


@dataclass(frozen=True)
class Line:
    """One strategy; `name` may carry small words, such as that it ran as prompted."""

    name: Cell
    cases: int
    right: Share
    unreadable: int


def draw_side_by_side(lines: Iterable[Line]) -> None:
    """A table that fits on a phone."""
    rows = tuple((line.name, _answered(line), _right(line.right), Cell(f"{line.unreadable:,}")) for line in lines)
    caption = "Right answers with their 95 % intervals. What could not be read is counted on its own, and as wrong."
    draw_table(Table(("Strategy", "Answered", "Right, %", "Could not be read"), rows), caption, "sol-readable")


def _answered(line: Line) -> Cell:
    return Cell(f"{line.right.n:,}", (f"of {line.cases:,}",))


def _right(share: Share) -> Cell:
    if not share.n:
        return NONE
    low, high = share.interval
    return Cell(f"{100 * share.value:.1f}", (f"{100 * low:.1f} to {100 * high:.1f}", f"{share.hits:,} of {share.n:,}"), share.value)
