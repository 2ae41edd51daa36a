"""The presets as tables of docs/models.md: `python -m reasoning.preset_table docs/models.md` writes them anew."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from reasoning.presets import Preset, presets

TABLE = re.compile(r"(?<=<!-- presets -->\n).*(?=<!-- end of presets -->)", re.DOTALL)
UNKNOWN = "–"


def write_table(page: str) -> str:
    """The page with the tables between its two marks made from presets.toml."""
    return TABLE.sub(lambda _: f"\n{tables()}\n", page)


def tables() -> str:
    """What the presets are, and what was published of them."""
    known = [_row((f"`{name}`", *_facts(preset))) for name, preset in presets().items()]
    scored = [
        _row((f"`{name}`", score.source, score.method or UNKNOWN, ", ".join(f"{test} {value:g}" for test, value in score.results.items())))
        for name, preset in presets().items()
        for score in preset.scores
    ]
    heading = ("name", "model", "parameters", "4 bits", "context", "licence", "thinking is marked", "long reasoning", "sampling")
    return "\n".join((*_head(heading), *known, "", *_head(("name", "source", "asked how", "published, %")), *scored, ""))


def _facts(preset: Preset) -> Iterable[str]:
    billion = preset.parameters_billion
    yield f"[{preset.hub}](https://huggingface.co/{preset.hub})" if preset.hub else preset.title
    yield f"{billion:g} B" if billion >= 1 else f"{billion * 1000:g} M"
    yield f"{preset.memory_gb:g} GB"
    yield f"{preset.context:,}" if preset.context else UNKNOWN
    yield (preset.licence or UNKNOWN) + (", gated" if preset.gated else "")
    yield f"`{preset.trace_convention.title}`" if preset.convention != "own" else "our own tags"
    yield UNKNOWN if preset.long_reasoning is None else "yes" if preset.long_reasoning else "no"
    yield preset.sampling.words if preset.sampling else UNKNOWN


def _head(names: tuple[str, ...]) -> tuple[str, str]:
    return _row(names), _row("---" for _ in names)


def _row(cells: Iterable[str]) -> str:
    # A bar inside a cell would end it, inside code too.
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(write_table(file.read_text("utf-8")), "utf-8")
