"""The key-value cache of a batch: one prefill a prompt, copied to as many rows as need it, left-padded to one width."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache


@dataclass(frozen=True)
class Prefix:
    """A prompt that went through the model once: keys and values of each layer, and what comes next."""

    layers: list[tuple[torch.Tensor, torch.Tensor]]
    logits: torch.Tensor
    length: int


@torch.inference_mode()
def prefill(model: PreTrainedModel, ids: Sequence[int]) -> Prefix:
    """Read a prompt at batch size 1."""
    cache = DynamicCache()
    inputs = torch.tensor([list(ids)], device=model.device)
    logits = model(input_ids=inputs, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
    return Prefix([(layer.keys, layer.values) for layer in _layers(cache)], logits, len(ids))


class Batch:
    """Rows that are decoded together. Each has its own length: padding and discarded tokens are masked out."""

    @torch.inference_mode()
    def __init__(self, model: PreTrainedModel, prefixes: Sequence[Prefix]) -> None:
        self.model = model
        lengths = [prefix.length for prefix in prefixes]
        width = max(lengths)
        self.logits = torch.cat([prefix.logits for prefix in prefixes])
        self.positions = torch.tensor(lengths, device=model.device)
        self.mask = (torch.arange(width, device=model.device) >= width - self.positions[:, None]).long()
        self.cache = DynamicCache()
        for index in range(len(prefixes[0].layers)):
            keys, values = (_stack([prefix.layers[index][part] for prefix in prefixes], width) for part in (0, 1))
            self.cache.update(keys, values, index)

    @torch.inference_mode()
    def feed(self, tokens: Sequence[Sequence[int]], discard: Sequence[int]) -> None:
        """Give each row its next tokens, equally many, after taking back its last `discard` ones."""
        for row, count in enumerate(discard):
            if count:
                slots = self.mask[row].nonzero()[-count:, 0]
                self.mask[row, slots] = 0
                self.positions[row] -= count
        inputs = torch.tensor([list(row) for row in tokens], device=self.model.device)
        count = inputs.shape[1]
        mask = torch.cat([self.mask, self.mask.new_ones(inputs.shape)], dim=1)
        places = self.positions[:, None] + torch.arange(count, device=self.model.device)
        self.logits = self.model(
            input_ids=inputs, attention_mask=mask, position_ids=places, past_key_values=self.cache, use_cache=True, logits_to_keep=1
        ).logits[:, -1]
        self.mask, self.positions = mask, self.positions + count

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """Drop all other rows, and the columns that no remaining row looks at."""
        index = torch.tensor(rows, device=self.model.device)
        self.logits, self.positions, self.mask = self.logits[index], self.positions[index], self.mask[index]
        columns = self.mask.any(dim=0)
        for layer in _layers(self.cache):
            chosen, seen = index.to(layer.keys.device), columns.to(layer.keys.device)
            layer.keys, layer.values = layer.keys[chosen][:, :, seen], layer.values[chosen][:, :, seen]
        self.mask = self.mask[:, columns]


def _layers(cache: DynamicCache) -> list[Any]:
    """The layers, all of them attention: loading refuses models of other kinds, and without a config none is sliding."""
    return cache.layers


def _stack(parts: Sequence[torch.Tensor], width: int) -> torch.Tensor:
    first = parts[0]
    stacked = first.new_zeros(len(parts), first.shape[1], width, first.shape[3])
    for row, part in enumerate(parts):
        stacked[row, :, width - part.shape[2] :] = part[0]
    return stacked
