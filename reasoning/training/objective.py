"""What the base model is trained for: the next token of replies, what a note says at each of its tokens, and where words come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import Qwen2ForCausalLM
from transformers.models.qwen2.modeling_qwen2 import apply_rotary_pos_emb

from reasoning.training.corpus import Row
from reasoning.training.reading import UNTAUGHT

SHARES_OF_LOSS = {"reply": 1.0, "tag": 0.5, "earlier": 0.2, "posterior": 0.5, "pointer": 0.3}
"""Weights of the next-token loss and of the auxiliary losses beside it."""


@dataclass(frozen=True)
class Inner:
    """States where findings are read, where they are judged, and at the top: rows by length by width.

    `queries` and `keys` are those of the heads that learn to point: rows by kind by length by head width.
    """

    read: torch.Tensor
    judged: torch.Tensor
    top: torch.Tensor
    queries: torch.Tensor
    keys: torch.Tensor


Body = Callable[[torch.Tensor], tuple[torch.Tensor, ...]]
CrossEntropy = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def reading_depth(layers: int) -> int:
    """After so many layers each token should know its finding."""
    return max(1, round(layers * 0.4))


def judging_depth(layers: int) -> int:
    """After so many layers each token should know what is likely; the next layer points, and the rest write."""
    return max(2, round(layers * 0.6))


class Heads(nn.Module):
    """The heads that only training has: findings read, the finding before, and the posterior."""

    def __init__(self, width: int, tags: int, conditions: int) -> None:
        super().__init__()
        self.tag = nn.Linear(width, tags, bias=False)
        self.earlier = nn.Linear(width, tags, bias=False)
        self.posterior = nn.Linear(width, conditions, bias=False)


@dataclass(frozen=True)
class Batch:
    """Rows as tensors; every loss is a mean over its `counts`: the whole step's weights, tags, earlier tags, states and pointers."""

    ids: torch.Tensor
    weights: torch.Tensor
    tags: torch.Tensor
    earlier: torch.Tensor
    posteriors: torch.Tensor
    with_posterior: torch.Tensor
    pointers: torch.Tensor
    counts: dict[str, float]


def batches(rows: Sequence[Row], rows_per_pass: int, device: torch.device) -> list[Batch]:
    """The passes of one step, all of the same size."""

    def asked(arrays: Sequence[np.ndarray]) -> float:
        return float(max(1, sum((array != UNTAUGHT).sum() for array in arrays)))

    counts = {
        "reply": float(sum(row.weights[1:].sum() for row in rows)),
        "tag": asked([row.signals.tags for row in rows]),
        "earlier": asked([row.signals.earlier for row in rows]),
        "posterior": asked([row.signals.states for row in rows]),
        "pointer": asked([row.pointers[:, 0] for row in rows]),
    }
    passes = []
    for at in range(0, len(rows), rows_per_pass):
        part = rows[at : at + rows_per_pass]
        states = np.stack([row.signals.states for row in part])
        posteriors = np.concatenate([row.signals.posteriors[s[s != UNTAUGHT]] for row, s in zip(part, states, strict=True)])
        arrays = (
            np.stack([row.ids for row in part]),
            np.stack([row.weights for row in part]),
            np.stack([row.signals.tags for row in part]),
            np.stack([row.signals.earlier for row in part]),
            posteriors,
            states != UNTAUGHT,
            np.stack([row.pointers for row in part]),
        )
        passes.append(Batch(*(torch.from_numpy(array).to(device) for array in arrays), counts))  # type: ignore[call-arg]
    return passes


def inner_states(model: Qwen2ForCausalLM, ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The parts of Inner, in order."""
    body = model.model
    hidden = body.embed_tokens(ids)
    places = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
    turns = body.rotary_emb(hidden, places)
    kept = []
    for layer in body.layers:
        hidden = layer(hidden, attention_mask=None, position_ids=places, position_embeddings=turns)
        kept.append(hidden)
    read, judged = (kept[depth(len(kept)) - 1] for depth in (reading_depth, judging_depth))
    pointing = body.layers[judging_depth(len(kept))]
    attention, seen = pointing.self_attn, pointing.input_layernorm(judged)
    shape = (*ids.shape, -1, attention.head_dim)
    keys = attention.k_proj(seen).view(shape).transpose(1, 2)[:, :2]
    # One query head of each of two groups, so that each kind points by keys of its own.
    queries = attention.q_proj(seen).view(shape).transpose(1, 2)[:, :: attention.num_key_value_groups][:, :2]
    return read, judged, body.norm(hidden), *apply_rotary_pos_emb(queries, keys, *turns)


def summed_cross_entropy(hidden: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of cross-entropy of hidden @ head.T against target ids."""
    logits = (hidden @ head.T).float()
    return ((logits.logsumexp(dim=-1) - logits.gather(1, targets.unsqueeze(1)).squeeze(1)) * weights).sum()


def summed_pointer_loss(queries: torch.Tensor, keys: torch.Tensor, pointed: torch.Tensor) -> torch.Tensor:
    """Sum over pointing tokens of -log of the attention that falls on the tokens pointed at.

    `queries` and `keys` are rows by kind by length by head width, `pointed` rows by kind by 2 ends by length.
    """
    scores = (queries @ keys.transpose(-1, -2)).float() * queries.shape[-1] ** -0.5
    places = torch.arange(scores.shape[-1], device=scores.device)
    first, last = pointed[:, :, 0, :, None], pointed[:, :, 1, :, None]
    allowed = scores.masked_fill(places > places[:, None], -1e4).logsumexp(dim=-1)
    aimed = scores.masked_fill((places < first) | (places > last), -1e4).logsumexp(dim=-1)
    return ((allowed - aimed) * (first.squeeze(-1) != UNTAUGHT)).sum()


def _padded(rows: torch.Tensor, multiple: int = 256) -> torch.Tensor:
    """Zero rows added to a multiple, so that compiled code meets few sizes."""
    return functional.pad(rows, (0, 0) * (rows.ndim - 1) + (0, -len(rows) % multiple))


@dataclass(frozen=True)
class Compiled:
    """The three heavy parts of the objective, as they are or compiled."""

    body: Body
    cross_entropy: CrossEntropy = summed_cross_entropy
    pointer_loss: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor] = summed_pointer_loss


def losses(batch: Batch, model: Qwen2ForCausalLM, heads: Heads, parts: Compiled) -> dict[str, torch.Tensor]:
    """This pass's part of each loss, before weighting: next token, tag, earlier tag, posterior, pointer."""
    inner = Inner(*parts.body(batch.ids))
    width = inner.top.shape[-1]
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    learnt = functional.pad(weights > 0, (0, 1))

    def tag_loss(hidden: torch.Tensor, head: nn.Linear, tags: torch.Tensor) -> torch.Tensor:
        asked = tags != UNTAUGHT
        ones = _padded(torch.ones_like(tags[asked], dtype=torch.float32))
        return parts.cross_entropy(functional.rms_norm(_padded(hidden[asked]), (width,)), head.weight, _padded(tags[asked]), ones)

    scores = heads.posterior(functional.rms_norm(inner.judged[batch.with_posterior], (width,))).float()
    sums = {
        # The output head is tied to the embeddings, which may be partly borrowed.
        "reply": parts.cross_entropy(
            _padded(inner.top[learnt]), model.model.embed_tokens.weight, _padded(targets[learnt[:, :-1]]), _padded(weights[learnt[:, :-1]])
        ),
        "tag": tag_loss(inner.read, heads.tag, batch.tags),
        "earlier": tag_loss(inner.judged, heads.earlier, batch.earlier),
        "posterior": functional.cross_entropy(scores, batch.posteriors, reduction="sum"),
        "pointer": parts.pointer_loss(inner.queries, inner.keys, batch.pointers),
    }
    return {name: value / batch.counts[name] for name, value in sums.items()}


def objective(batch: Batch, model: Qwen2ForCausalLM, heads: Heads, parts: Compiled) -> tuple[torch.Tensor, dict[str, float]]:
    """This pass's part of the weighted loss to be minimised, and of each loss in it."""
    separate = losses(batch, model, heads, parts)
    total = torch.stack([SHARES_OF_LOSS[name] * loss for name, loss in separate.items()]).sum()
    return total, {name: loss.item() for name, loss in separate.items()}
