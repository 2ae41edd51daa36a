"""Tables and plots of a report inside a page: real tables, and plots whose colours follow the theme."""

from base64 import b64encode

from app.ui.html import draw, escaped
from reasoning.evaluation.report.plots import Plot
from reasoning.evaluation.report.tables import Cell, Table

_IN_THE_DARK = {
    "#08161b": "#e4edef",
    "#5b6b73": "#a3b4bb",
    "#d3dddf": "#31454c",
    "#0f766e": "#2dd4bf",
    "#b45309": "#fbbf24",
    "#1d4ed8": "#93c5fd",
    "#7c3aed": "#c4b5fd",
    "#be185d": "#f9a8d4",
    "#ffffff": "#0f191d",
}


def draw_table(table: Table, caption: str, *classes: str) -> None:
    """A table that scrolls by itself where it is wider than the screen; `classes` are of style.css."""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in table.head)
    rows = "".join(_row(row, place in table.marked) for place, row in enumerate(table.rows))
    draw(
        # Not a <caption>: it would be as wide as the table, and scroll away with it.
        f'<div class="sol-quiet">{escaped(caption)}</div><div class="sol-scroll" {_region(caption)}>'
        f'<table class="sol-figures"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
        *classes,
    )


def _row(cells: tuple[Cell, ...], marked: bool) -> str:
    name, *figures = cells
    first = f'<th scope="row">{escaped(name.text)}{_small(name)}</th>'
    opening = '<tr class="sol-marked">' if marked else "<tr>"
    return f"{opening}{first}{''.join(map(_figure, figures))}</tr>"


def _figure(cell: Cell) -> str:
    bar = "" if cell.bar is None else f'<span class="sol-bar" aria-hidden="true"><i style="width:{100 * cell.bar:.1f}%"></i></span>'
    return f"<td>{escaped(cell.text)}{bar}{_small(cell)}</td>"


def _small(cell: Cell) -> str:
    return "".join(f"<small>{escaped(line)}</small>" for line in cell.small)


def draw_plot(plot: Plot | None, caption: str) -> None:
    """A plot of the report, where there is one; in words for those who cannot see it."""
    if plot is None:
        return
    # As a picture: a drawing inside the page would lose its marks, since a sanitised page allows no references between parts.
    source = f"data:image/svg+xml;base64,{b64encode(themed(plot.svg).encode()).decode()}"
    picture = f'<div class="sol-scroll" {_region(caption)}><img src="{source}" alt="{escaped(plot.says)}"></div>'
    draw(f'<figure class="sol-plot">{picture}<figcaption>{escaped(caption)}</figcaption></figure>')


def themed(svg: str) -> str:
    """The drawing in the colours of the light or the dark, whichever the page around it is."""
    for light, dark in _IN_THE_DARK.items():
        svg = svg.replace(f": {light}", f": light-dark({light}, {dark})")
    return svg.replace("<defs>", "<style>:root { color-scheme: light dark }</style><defs>", 1)


def _region(caption: str) -> str:
    """Something that scrolls by itself, by keyboard too."""
    return f'tabindex="0" role="region" aria-label="{escaped(caption)}"'
