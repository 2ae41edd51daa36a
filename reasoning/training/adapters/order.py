"""Which example is learnt when: the whole training laid out beforehand, so that going on after a stop is counting."""

import math
import random
from collections.abc import Sequence

WINDOW = 32
"""Batches that are sorted by length together: neighbours of one length waste little on padding."""


def steps_of(examples: int, batch: int, epochs: float) -> int:
    """Steps of a training; the last batch is filled up from one more epoch."""
    return max(1, math.ceil(examples * epochs / batch))


def training_order(lengths: Sequence[int], batch: int, epochs: float, seed: int) -> list[int]:
    """The indices of all examples of all batches, one after another: every epoch shuffled, batches of similar lengths in random order.

    A pure function of its arguments, the same for any number of processes. The longest batch comes first: what does not fit
    into memory fails at once, not after hours.
    """
    draw = random.Random(seed)
    total = steps_of(len(lengths), batch, epochs) * batch
    order: list[int] = []
    while len(order) < total:
        order += draw.sample(range(len(lengths)), len(lengths))
    order = order[:total]
    laid: list[list[int]] = []
    for first in range(0, total, batch * WINDOW):
        window = sorted(order[first : first + batch * WINDOW], key=lambda index: lengths[index])
        batches = [window[i : i + batch] for i in range(0, len(window), batch)]
        draw.shuffle(batches)
        laid += batches
    longest = max(range(len(laid)), key=lambda place: max(lengths[index] for index in laid[place]))
    laid.insert(0, laid.pop(longest))
    return [index for each in laid for index in each]
