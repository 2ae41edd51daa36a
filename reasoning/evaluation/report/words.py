"""Figures in words: percentages with their interval, tokens, probabilities; a dash where there is nothing."""

import math
from typing import Any

NOTHING = "–"


def percent(figure: dict[str, Any] | None) -> str:
    """`83.2`: a share in percent."""
    return NOTHING if figure is None else f"{100 * figure['value']:.1f}"


def interval(figure: dict[str, Any] | None, scale: float = 100, digits: int = 1) -> str:
    """`79.7 to 86.2`; empty without figure."""
    if figure is None or "interval" not in figure:
        return ""
    low, high = (number(scale * bound, digits) for bound in figure["interval"])
    return f"{low} to {high}"


def of(figure: dict[str, Any] | None) -> str:
    """`41 of 50`; empty without figure."""
    return "" if figure is None else f"{figure['hits']:,} of {figure['n']:,}"


def number(value: float | None, digits: int = 0) -> str:
    """`1,234`; a dash for nothing and for what is not finite."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def points(value: float, digits: int = 1) -> str:
    """`+3.2` or `−1.0` percentage points."""
    return signed(100 * value, digits)


def signed(value: float, digits: int = 0) -> str:
    """`+12` or `−3`, with a minus sign that is one."""
    rounded = round(value, digits)
    return f"{rounded:+,.{digits}f}".replace("-", "−") if rounded else f"{0:.{digits}f}"


def probability(p: float) -> str:
    """`0.034`, and `< 0.001` below that."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
