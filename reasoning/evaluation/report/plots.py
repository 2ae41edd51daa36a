"""The plots of the report as inline SVG: text stays text, every plot says in words what it shows, and nothing is fetched."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from reasoning.evaluation.report.words import interval, number, percent

Summary = dict[str, Any]

COLOURS = ("#0f766e", "#b45309", "#1d4ed8", "#7c3aed", "#be185d", "#5b6b73")
QUIET, LINE, INK = "#5b6b73", "#d3dddf", "#08161b"
MARKERS = ("o", "s", "^", "D", "v", "P")
MOST_CALIBRATED = 6
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

_STYLE = {
    "svg.fonttype": "none",
    # A data set's own words for difficulty are no formulas.
    "text.parse_math": False,
    "font.family": ["sans-serif"],
    "font.size": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True)
class Plot:
    """`svg` is safe to put into a page; `says` is the same in words."""

    svg: str
    says: str


def accuracy(summary: Summary) -> Plot | None:
    """Right answers of every strategy and baseline, with intervals."""
    look = _looks(summary)
    arms = [(arm["title"], arm["right"], look[arm["label"]][0]) for arm in summary["arms"] if arm["exactly"] is None]
    rows = [*arms, *((row["name"], row["recall"]["1"], None) for row in summary["baselines"])]
    if not arms:
        return None

    def draw(axes: Axes) -> None:
        for place, (_, figure, colour) in enumerate(reversed(rows)):
            low, high = figure["interval"]
            axes.plot([low, high], [place, place], color=colour or QUIET, linewidth=2, alpha=0.55, solid_capstyle="round")
            axes.plot([figure["value"]], [place], marker="o", markersize=7, color=colour or QUIET, markerfacecolor=colour or "white")
            axes.annotate(
                f"{100 * figure['value']:.1f}", (figure["value"], place), (0, 7), textcoords="offset points", ha="center", fontsize=9
            )
        axes.set_yticks(range(len(rows)), [_short(name, 44) for name, _, _ in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.3)
        axes.grid(axis="y", visible=False)
        _percent_axis(axes, "x")
        axes.set_xlabel("right answers, with 95 % intervals")

    says = "; ".join(f"{name} {percent(figure)} % ({interval(figure)})" for name, figure, _ in rows)
    return _plot("accuracy", f"Share of right answers with 95 % intervals: {says}.", draw, (7.6, 0.9 + 0.46 * len(rows)))


def curve(summary: Summary) -> Plot | None:
    """Right answers over thinking tokens: sweeps as lines, everything else as points."""
    titles, points, look = _titles(summary), summary["curve"], _looks(summary)
    if len(points) < 2 or all(point["thinking_tokens"] == 0 for point in points):
        return None
    swept = {row["strategy"] for row in summary["scaling"]}

    def draw(axes: Axes) -> None:
        for name in sorted(swept):
            line = sorted((p for p in points if p["exactly"] is not None and _belongs(p["arm"], name)), key=lambda p: p["thinking_tokens"])
            tokens, right = [p["thinking_tokens"] for p in line], [p["right"]["value"] for p in line]
            colour, marker = look.get(name, (QUIET, "o"))
            axes.fill_between(
                tokens,
                [p["right"]["interval"][0] for p in line],
                [p["right"]["interval"][1] for p in line],
                color=colour,
                alpha=0.1,
                linewidth=0,
            )
            axes.plot(
                tokens, right, color=colour, marker=marker, linewidth=1.8, label=f"{_short(titles.get(name, name), 30)}, length forced"
            )
        for point in (p for p in points if p["exactly"] is None):
            low, high = point["right"]["interval"]
            x, y, (colour, marker) = point["thinking_tokens"], point["right"]["value"], look[point["arm"]]
            axes.plot([x, x], [low, high], color=colour, linewidth=1.2, alpha=0.5)
            axes.plot(
                [x],
                [y],
                marker=marker,
                clip_on=False,
                markersize=7,
                color=colour,
                linestyle="none",
                markerfacecolor="white",
                markeredgewidth=1.8,
                label=_short(titles[point["arm"]], 40),
            )
        axes.set_xscale("symlog", base=2, linthresh=16)
        axes.set_xlim(left=0)
        formatter = ScalarFormatter()
        formatter.set_scientific(False)
        axes.xaxis.set_major_formatter(formatter)
        _percent_axis(axes, "y")
        axes.set_xlabel("thinking tokens a case (mean; doubling at each mark)")
        axes.set_ylabel("right answers")
        axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.01, 0.5))

    says = "; ".join(
        f"{titles[p['arm']]}: {percent(p['right'])} % at {number(p['thinking_tokens'])} thinking tokens"
        for p in sorted(points, key=lambda p: p["thinking_tokens"])
    )
    return _plot("curve", f"Share of right answers over mean thinking tokens a case. {says}.", draw, (8.6, 4.0))


def votes(summary: Summary) -> Plot | None:
    """Accuracy over the number of votes, beside the binomial expectation."""
    titles, curves, look = _titles(summary), summary["votes"], _looks(summary)
    if not curves:
        return None

    def draw(axes: Axes) -> None:
        for found in curves:
            colour, counts = look[found["arm"]][0], [point["votes"] for point in found["points"]]
            name = _short(titles[found["arm"]], 40)
            axes.plot(counts, [p["accuracy"] for p in found["points"]], color=colour, marker="o", linewidth=1.8, label=f"{name}, measured")
            axes.plot(
                counts,
                [p["binomial"] for p in found["points"]],
                color=colour,
                linestyle="--",
                linewidth=1.4,
                label="binomial from one sample",
            )
        axes.set_xticks(range(1, max(found["samples"] for found in curves) + 1))
        _percent_axis(axes, "y")
        axes.set_xlabel("votes")
        axes.set_ylabel("right answers")
        axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.01, 0.5))

    def ends(found: Summary) -> str:
        first, last = found["points"][0], found["points"][-1]
        return (
            f"{titles[found['arm']]}: {100 * first['accuracy']:.1f} % with one vote, {100 * last['accuracy']:.1f} % with {last['votes']}, "
            f"where independent votes would give {100 * last['binomial']:.1f} %"
        )

    return _plot("votes", f"Share of right answers over the number of votes. {'; '.join(map(ends, curves))}.", draw, (8.6, 3.6))


def difficulty(summary: Summary) -> Plot | None:
    """Mean thinking tokens by difficulty, a group of bars a band."""
    titles, arms = _titles(summary), [arm for arm in summary["difficulty"]["arms"] if any(band["mean"] for band in arm["bands"].values())]
    bands, look = list(dict.fromkeys(name for arm in arms for name in arm["bands"])), _looks(summary)
    if len(bands) < 2:
        return None

    def draw(axes: Axes) -> None:
        width = 0.8 / len(arms)
        for place, arm in enumerate(arms):
            heights = [arm["bands"].get(name, {"mean": 0})["mean"] for name in bands]
            offsets = [number + (place - (len(arms) - 1) / 2) * width for number in range(len(bands))]
            axes.bar(offsets, heights, width * 0.9, color=look[arm["arm"]][0], label=_short(titles[arm["arm"]], 40))
        axes.set_xticks(range(len(bands)), bands)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel("thinking tokens a case")
        axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.01, 0.5))

    says = "; ".join(
        f"{titles[arm['arm']]}: " + ", ".join(f"{name} {number(band['mean'])}" for name, band in arm["bands"].items()) for arm in arms
    )
    return _plot("difficulty", f"Mean thinking tokens by difficulty. {says}.", draw, (8.6, 3.4))


def calibration(summary: Summary) -> Plot | None:
    """What was stated against what came true, a panel a strategy."""
    arms = [arm for arm in summary["arms"] if arm["exactly"] is None and arm["calibration"]][:MOST_CALIBRATED]
    if not arms:
        return None

    def draw(axes: Axes, arm: Summary) -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":")
        for row in arm["calibration"]["bins"]:
            if row["observed"] is None:
                continue
            low, high = row["band"]
            bottom, top = row["observed"]["interval"]
            axes.plot([low, high], [row["observed"]["value"]] * 2, color=COLOURS[0], linewidth=3, alpha=0.3, solid_capstyle="butt")
            axes.plot([row["stated"]] * 2, [bottom, top], color=COLOURS[0], linewidth=1.4, alpha=0.6)
            axes.plot([row["stated"]], [row["observed"]["value"]], marker="o", markersize=5.5, color=COLOURS[0])
        for axis in "xy":
            _percent_axis(axes, axis)
        axes.set_aspect("equal")
        axes.set_title(_short(arm["title"], 30), fontsize=10)
        axes.set_xlabel(f"stated ({arm['calibration']['by']})")
        axes.set_ylabel("came true")

    columns = min(3, len(arms))
    rows = -(-len(arms) // columns)
    says = "; ".join(
        f"{arm['title']} (by {arm['calibration']['by']}): "
        + ", ".join(f"{row['label']} came true in {percent(row['observed'])} %" for row in arm["calibration"]["bins"] if row["observed"])
        for arm in arms
    )
    draws = [lambda axes, arm=arm: draw(axes, arm) for arm in arms]
    return _plot(
        "calibration", f"How often hypotheses were right, by what was stated. {says}.", draws, (3.1 * columns, 3.3 * rows), columns
    )


Draw = Callable[[Axes], None]


def _plot(name: str, says: str, draw: Draw | Sequence[Draw], size: tuple[float, float], columns: int = 1) -> Plot:
    draws = [draw] if callable(draw) else list(draw)
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        for place, one in enumerate(draws, 1):
            one(figure.add_subplot(-(-len(draws) // columns), columns, place))
        file = StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return Plot(_inline(file.getvalue(), name, says), says)


def _inline(svg: str, name: str, says: str) -> str:
    """The drawing alone, with a title for those who cannot see it, and ids that no other plot of the page has."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", svg)
    head, _, body = svg.partition(">")
    # Points on paper to pixels on a screen.
    width, height = (round(float(size) * 4 / 3) for size in re.findall(r'(?:width|height)="([\d.]+)pt"', head))
    box, label = re.search(r'viewBox="[^"]+"', head), escape(says)
    opening = f'<svg {box[0] if box else ""} width="{width}" height="{height}" role="img" aria-label="{label}" {_NAMESPACES}>'
    return f"{opening}<title>{label}</title>{body}"


def _percent_axis(axes: Axes, axis: str) -> None:
    (axes.set_xlim if axis == "x" else axes.set_ylim)(-0.02, 1.02)
    (axes.xaxis if axis == "x" else axes.yaxis).set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _looks(summary: Summary) -> dict[str, tuple[str, str]]:
    """Colour and marker of every arm, the same in all plots."""
    labels = [arm["label"] for arm in summary["plan"]["arms"] if arm["exactly"] is None]
    return {
        label: (COLOURS[place % len(COLOURS)], MARKERS[(place + place // len(COLOURS)) % len(MARKERS)])
        for place, label in enumerate(labels)
    }


def _belongs(label: str, strategy: str) -> bool:
    return label.startswith(f"{strategy}:think=")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _titles(summary: Summary) -> dict[str, str]:
    return {arm["label"]: arm["title"] for arm in summary["plan"]["arms"]}
