"""Starts some heads of the first layer looking at the words just before: what induction needs, and slow to discover.

Copying asks of each word of a note "which word stood before me?" (Olsson et al. 2022, arXiv 2209.11895). Qwen2 has biases
on queries and keys, so that heads can be started there and trained on (mimetic initialisation, Trockman and Kolter 2023,
arXiv 2305.09828).
"""

import torch
from transformers import Qwen2ForCausalLM

SHARPNESS = 30.0
"""Squared length of each turning pair: attention to the chosen place starts e^4 times that to the places beside it."""


def look_at_neighbours(model: Qwen2ForCausalLM) -> None:
    """The query heads of the last key-value group of the first layer start attending one, two, three ... tokens back."""
    attention = model.model.layers[0].self_attn
    width, groups = attention.head_dim, attention.num_key_value_groups
    half = width // 2
    speeds = model.model.rotary_emb.inv_freq[: half // 2]  # the slow pairs cannot tell neighbours apart
    size = SHARPNESS**0.5
    with torch.no_grad():
        key = attention.k_proj.bias.view(-1, width)[-1]
        key.zero_()
        key[: len(speeds)] = size
        for back, query in enumerate(attention.q_proj.bias.view(-1, width)[-groups:], 1):
            query.zero_()
            query[: len(speeds)] = size * torch.cos(speeds * back)
            query[half : half + len(speeds)] = -size * torch.sin(speeds * back)
