"""Trains the demonstration base model from nothing: Muon for matrices, AdamW for the rest, a clock for a schedule.

Runs on CPU or GPU, saves a checkpoint every few minutes and goes on from it when started again.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from bitsandbytes.functional import get_4bit_type
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import Qwen2Config, Qwen2ForCausalLM

from cases.knowledge import Knowledge
from reasoning.training.corpus import rows

CHECKPOINT_SECONDS = 240


@dataclass(frozen=True)
class BaseConfiguration:
    """Size and schedule of the base model. `minutes` is wall-clock time over all sittings together."""

    minutes: float
    width: int = 384
    layers: int = 6
    heads: int = 6
    key_value_heads: int = 2
    inner: int = 1024
    length: int = 1024
    rows_per_step: int = 8
    rows_per_pass: int = 2
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    warmup: float = 0.02
    decay_from: float = 0.45
    rounded_from: float = 0.6
    compiled: bool = True


Progress = Callable[[dict[str, float]], None]


def new_model(configuration: BaseConfiguration, vocabulary: int) -> Qwen2ForCausalLM:
    """A Qwen2 causal LM with random weights."""
    torch.manual_seed(0)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=vocabulary,
            hidden_size=configuration.width,
            intermediate_size=configuration.inner,
            num_hidden_layers=configuration.layers,
            num_attention_heads=configuration.heads,
            num_key_value_heads=configuration.key_value_heads,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
        )
    )


def rate_at(share: float, configuration: BaseConfiguration) -> float:
    """Learning-rate factor at a share of the time: a short rise, a plateau, a straight line to almost zero."""
    if share < configuration.warmup:
        return max(share / configuration.warmup, 0.02)
    if share < configuration.decay_from:
        return 1.0
    return max(0.02, (1 - share) / (1 - configuration.decay_from))


def _optimisers(model: Qwen2ForCausalLM, configuration: BaseConfiguration) -> list[torch.optim.Optimizer]:
    matrices = _matrices(model)
    others = [p for p in model.parameters() if not any(p is matrix for matrix in matrices)]
    return [
        torch.optim.Muon(matrices, lr=configuration.muon_rate, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=configuration.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def rounded_to_nf4(weights: torch.Tensor, block: int = 64) -> torch.Tensor:
    """The values that bitsandbytes' NF4 keeps of a matrix: each block of 64 scaled by its largest, to one of 16 levels.

    Written here because bitsandbytes quantises slowly on a CPU; a test holds the two together. Double quantisation of
    the scales is left out: it moves values by less than a hundredth of a level.
    """
    flat = weights.reshape(-1, block)
    scale = flat.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
    place = flat.div(scale).add_(1).mul_(_STEPS / 2).to(torch.int32)
    return (_nearest_levels(weights.device).index_select(0, place.view(-1)).view_as(flat) * scale).view_as(weights)


_STEPS = 8192


@lru_cache(maxsize=2)
def _nearest_levels(device: torch.device) -> torch.Tensor:
    """The nearest NF4 level for each of many even steps from -1 to 1: a table is ten times faster than a search."""
    levels = get_4bit_type("nf4", device=device).float()
    steps = torch.arange(_STEPS + 1, device=device) / (_STEPS / 2) - 1
    return levels[torch.bucketize(steps, (levels[1:] + levels[:-1]) / 2)]


def _matrices(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """What bitsandbytes will quantise: all linear layers but the tied output head."""
    return [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]


def round_matrices(model: torch.nn.Module) -> None:
    """Put the NF4 values of all matrices in place of the full ones."""
    for parameter in _matrices(model):
        parameter.data = rounded_to_nf4(parameter.data)


@contextmanager
def four_bit_weights(model: torch.nn.Module) -> Iterator[None]:
    """Inside, the matrices hold what NF4 with double quantisation makes of them; afterwards, their full values again.

    Forward and backward inside, the optimiser's step outside: gradients pass straight through the rounding (Jacob et al.
    2018, arXiv 1712.05877), and the model learns weights that survive being shipped in four bits.
    """
    full = {parameter: parameter.data for parameter in _matrices(model)}
    round_matrices(model)
    try:
        yield
    finally:
        for parameter, values in full.items():
            parameter.data = values


def weighted_loss(model: Qwen2ForCausalLM, body: Callable[..., torch.Tensor], ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of cross-entropy over the tokens with weight; logits are computed for those positions only."""
    hidden = body(input_ids=ids).last_hidden_state  # type: ignore[attr-defined]
    target, weight = ids[:, 1:], weights[:, 1:]
    learnt = weight > 0
    logits = model.lm_head(hidden[:, :-1][learnt]).float()
    losses = functional.cross_entropy(logits, target[learnt], reduction="none")
    return (losses * weight[learnt]).sum()


def train_base(
    knowledge: Knowledge, tokenizer: Tokenizer, configuration: BaseConfiguration, folder: Path, progress: Progress
) -> Qwen2ForCausalLM:
    """The trained model; `folder` holds checkpoint.pt, from which an interrupted training goes on."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = new_model(configuration, tokenizer.get_vocab_size()).to(device)
    optimisers = _optimisers(model, configuration)
    checkpoint = folder / "checkpoint.pt"
    step, seed, elapsed, tokens = 0, 0, 0.0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        model.load_state_dict(state["model"])
        for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        step, seed, elapsed, tokens = state["step"], state["seed"], state["elapsed"], state["tokens"]
    body = torch.compile(model.model, dynamic=False) if configuration.compiled else model.model
    stream = rows(knowledge, tokenizer, configuration.length, seed)
    bases = [[group["lr"] for group in optimiser.param_groups] for optimiser in (_optimisers(model, configuration))]
    model.train()
    last_save = before = time.monotonic()
    smooth: float | None = None
    while elapsed < configuration.minutes * 60:
        batch = [next(stream) for _ in range(configuration.rows_per_step)]
        all_ids = torch.from_numpy(np.stack([row[0] for row in batch])).to(device)
        all_weights = torch.from_numpy(np.stack([row[1] for row in batch])).to(device)
        factor = rate_at(elapsed / (configuration.minutes * 60), configuration)
        for optimiser, rates in zip(optimisers, bases, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        total, whole = 0.0, float(all_weights[:, 1:].sum())
        rounded = four_bit_weights(model) if elapsed / (configuration.minutes * 60) > configuration.rounded_from else nullcontext()
        with rounded:
            parts = (all_ids.split(configuration.rows_per_pass), all_weights.split(configuration.rows_per_pass))
            for ids, weights in zip(*parts, strict=True):
                with torch.autocast(device.type, torch.bfloat16):
                    loss = weighted_loss(model, body, ids, weights) / whole
                loss.backward()
                total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        now = time.monotonic()
        if step > 0:
            elapsed += now - before  # the first step is compilation, which is not training
        before = now
        step, seed, tokens = step + 1, batch[-1][2], tokens + int(all_ids.numel())
        smooth = total if smooth is None else 0.95 * smooth + 0.05 * total
        if step % 20 == 0:
            progress({"step": step, "loss": smooth, "tokens": tokens, "minutes": elapsed / 60, "of": configuration.minutes, "rate": factor})
        if now - last_save > CHECKPOINT_SECONDS or elapsed >= configuration.minutes * 60:
            state = {
                "model": model.state_dict(), "optimisers": [o.state_dict() for o in optimisers], "step": step, "seed": seed,
                "elapsed": elapsed, "tokens": tokens,
            }  # fmt: skip
            partial = checkpoint.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(checkpoint)
            last_save = now
    (folder / "base.json").write_text(
        json.dumps(
            {"steps": step, "tokens": tokens, "examples": seed, "loss": smooth, "minutes": elapsed / 60, **asdict(configuration)}, indent=1
        )
    )
    return model


def save_base(model: Qwen2ForCausalLM, folder: Path) -> None:
    """Writes the weights in bfloat16 as safetensors, with the configuration."""
    model = model.to("cpu").to(torch.bfloat16)
    model.config.dtype = "bfloat16"
    model.save_pretrained(folder)
