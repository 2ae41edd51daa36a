"""Which models fit."""

import pytest

from app.machine import Graphics, fits
from reasoning.presets import presets


@pytest.mark.parametrize(
    ("gpu", "ram", "said"),
    [
        ((), 16.0, "does not fit (needs about 20 GiB)"),
        ((), 64.0, "fits in memory, but far too slow to watch on the processor"),
        ((24.0,), 16.0, "fits on one graphics card"),
        ((12.0, 12.0), 16.0, "does not fit"),
    ],
)
def test_a_32_billion_model_needs_a_card_of_24_gib(gpu: tuple[float, ...], ram: float, said: str) -> None:
    cards = tuple(Graphics("a card", gib) for gib in gpu)
    assert said in fits("qwen3-32b", presets()["qwen3-32b"], cards, ram)
