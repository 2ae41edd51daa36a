"""One token for each row, from logits: a pure function, the randomness is passed in."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from reasoning.engines.engine import Sampling


@torch.inference_mode()
def choose(
    logits: torch.Tensor,
    samplings: Sequence[Sampling],
    draws: Sequence[float],
    masks: Sequence[NDArray[np.bool_] | None],
    biases: Sequence[Mapping[int, float]] = (),
) -> tuple[list[int], list[float]]:
    """A token and its log-probability for each row of `logits` (rows, vocabulary).

    `draws` are uniform numbers, one a row; `biases` are added to a row's logits, by token. The log-probability is the model's
    own: before biases, temperature, top_p and grammar.
    """
    logits = logits.float()
    logprobs = torch.log_softmax(logits, dim=-1)
    allowed = _masked(_biased(logits, biases), masks)
    tokens = allowed.argmax(dim=-1)
    warm = [row for row, sampling in enumerate(samplings) if sampling.temperature > 0]
    if warm:
        tokens[warm] = _draw(allowed[warm], [samplings[row] for row in warm], [draws[row] for row in warm])
    return tokens.tolist(), logprobs.gather(1, tokens[:, None])[:, 0].tolist()


def _biased(logits: torch.Tensor, biases: Sequence[Mapping[int, float]]) -> torch.Tensor:
    if not any(biases):
        return logits
    logits = logits.clone()
    for row, bias in enumerate(biases):
        if bias:
            logits[row, list(bias)] += torch.tensor(list(bias.values()), device=logits.device)
    return logits


def _masked(logits: torch.Tensor, masks: Sequence[NDArray[np.bool_] | None]) -> torch.Tensor:
    if all(mask is None for mask in masks):
        return logits
    allowed = np.ones(tuple(logits.shape), dtype=np.bool_)
    for row, mask in enumerate(masks):
        if mask is not None:
            size = min(len(mask), allowed.shape[1])
            allowed[row, :size] = mask[:size]
            allowed[row, size:] = False
    return logits.masked_fill(~torch.from_numpy(allowed).to(logits.device), float("-inf"))


def _draw(logits: torch.Tensor, samplings: Sequence[Sampling], draws: Sequence[float]) -> torch.Tensor:
    """Inverse transform sampling, so that a row's token depends on its own number only, on any device."""

    def column(numbers: Sequence[float]) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.float64, device=logits.device)[:, None]

    probabilities = torch.softmax(logits.double() / column([s.temperature for s in samplings]), dim=-1)
    order = None
    if any(s.top_p < 1 for s in samplings):
        top_p = column([s.top_p for s in samplings])
        probabilities, order = probabilities.sort(dim=-1, descending=True, stable=True)
        before = probabilities.cumsum(dim=-1) - probabilities
        outside = before >= top_p
        outside[:, 0] = False  # the likeliest token always stays, whatever top_p is
        probabilities = probabilities.masked_fill(outside, 0.0)
    cumulative = probabilities.cumsum(dim=-1)
    target = column(draws) * cumulative[:, -1:]
    picked = torch.searchsorted(cumulative, target, right=True)
    # A draw within rounding of 1 would fall off the end, onto a token of probability zero.
    picked = torch.minimum(picked, probabilities.ne(0).long().cumsum(dim=-1).argmax(dim=-1, keepdim=True))
    return (picked if order is None else order.gather(1, picked))[:, 0]
