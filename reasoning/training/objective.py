"""What the base model is trained for: the next token of replies, and at each token of a note its finding and the posterior so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import Qwen2ForCausalLM

from reasoning.training.corpus import Row
from reasoning.training.reading import UNTAUGHT

TAG_SHARE, POSTERIOR_SHARE = 0.5, 0.3
"""Weights of the two auxiliary losses beside the next-token loss."""

Inner = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
Body = Callable[[torch.Tensor], Inner]
CrossEntropy = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class Heads(nn.Module):
    """The two heads that only training has: findings read halfway up, the posterior one layer below the top."""

    def __init__(self, width: int, tags: int, conditions: int) -> None:
        super().__init__()
        self.tag = nn.Linear(width, tags, bias=False)
        self.posterior = nn.Linear(width, conditions, bias=False)


@dataclass(frozen=True)
class Batch:
    """Rows as tensors; every loss is a mean over `counts`, the whole step's weights, tagged tokens and states."""

    ids: torch.Tensor
    weights: torch.Tensor
    tags: torch.Tensor
    posteriors: torch.Tensor
    with_posterior: torch.Tensor
    counts: tuple[float, float, float]


def batches(rows: Sequence[Row], rows_per_pass: int, device: torch.device) -> list[Batch]:
    """The passes of one step, all of the same size."""
    counts = (
        float(sum(row.weights[1:].sum() for row in rows)),
        float(max(1, sum((row.tags != UNTAUGHT).sum() for row in rows))),
        float(max(1, sum((row.states != UNTAUGHT).sum() for row in rows))),
    )
    passes = []
    for at in range(0, len(rows), rows_per_pass):
        part = rows[at : at + rows_per_pass]
        taught = np.stack([row.states for row in part]) != UNTAUGHT
        posteriors = np.concatenate([row.posteriors[row.states[mask]] for row, mask in zip(part, taught, strict=True)])
        stacked = (np.stack([getattr(row, name) for row in part]) for name in ("ids", "weights", "tags"))
        ids, weights, tags, expected, asked = (torch.from_numpy(x).to(device) for x in (*stacked, posteriors, taught))
        passes.append(Batch(ids, weights, tags, expected, asked, counts))
    return passes


def inner_states(model: Qwen2ForCausalLM, ids: torch.Tensor) -> Inner:
    """Hidden states after the middle layer, after the last layer but one, and at the top: rows by length by width each."""
    body = model.model
    hidden = body.embed_tokens(ids)
    places = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
    turns = body.rotary_emb(hidden, places)
    kept = []
    for layer in body.layers:
        hidden = layer(hidden, attention_mask=None, position_ids=places, position_embeddings=turns)
        kept.append(hidden)
    return kept[len(kept) // 2 - 1], kept[-2], body.norm(hidden)


def summed_cross_entropy(hidden: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of cross-entropy of hidden @ head.T against target ids."""
    logits = (hidden @ head.T).float()
    return ((logits.logsumexp(dim=-1) - logits.gather(1, targets.unsqueeze(1)).squeeze(1)) * weights).sum()


def _padded(rows: torch.Tensor, multiple: int = 256) -> torch.Tensor:
    """Zero rows added to a multiple, so that compiled code meets few sizes."""
    return functional.pad(rows, (0, 0) * (rows.ndim - 1) + (0, -len(rows) % multiple))


def objective(batch: Batch, model: Qwen2ForCausalLM, heads: Heads, body: Body, cross_entropy: CrossEntropy) -> torch.Tensor:
    """This pass's part of the loss: means over the whole step of reply, tag and posterior losses, weighted."""
    middle, upper, top = body(batch.ids)
    width = top.shape[-1]
    targets, weights = batch.ids[:, 1:], batch.weights[:, 1:]
    learnt = functional.pad(weights > 0, (0, 1))
    reply = cross_entropy(_padded(top[learnt]), model.lm_head.weight, _padded(targets[learnt[:, :-1]]), _padded(weights[learnt[:, :-1]]))
    tagged = batch.tags != UNTAUGHT
    tags = _padded(batch.tags[tagged])
    ones = _padded(torch.ones_like(batch.tags[tagged], dtype=torch.float32))
    tag = cross_entropy(functional.rms_norm(_padded(middle[tagged]), (width,)), heads.tag.weight, tags, ones)
    scores = heads.posterior(functional.rms_norm(upper[batch.with_posterior], (width,))).float()
    posterior = functional.cross_entropy(scores, batch.posteriors, reduction="sum")
    whole, tag_count, state_count = batch.counts
    return reply / whole + TAG_SHARE * tag / tag_count + POSTERIOR_SHARE * posterior / state_count
