"""Trains the demonstration base model from nothing: Muon for matrices, AdamW for the rest, a clock for a schedule.

Runs on CPU or GPU, saves a checkpoint every few minutes and goes on from it when started again.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import Qwen2Config, Qwen2ForCausalLM

from cases.knowledge import Knowledge
from reasoning.training.borrowing import borrow, keep_borrowed
from reasoning.training.corpus import SHARES, rows
from reasoning.training.neighbours import look_at_neighbours
from reasoning.training.objective import Batch, Compiled, Heads, batches, inner_states, objective, summed_cross_entropy, summed_pointer_loss
from reasoning.training.reading import tag_count
from reasoning.training.rounding import four_bit_weights, matrices

CHECKPOINT_SECONDS = 240


@dataclass(frozen=True)
class BaseConfiguration:
    """Size and schedule of the base model. `minutes` is wall-clock time over all sittings together."""

    minutes: float
    width: int = 384
    layers: int = 7
    heads: int = 6
    key_value_heads: int = 2
    inner: int = 1024
    length: int = 1152
    rows_per_step: int = 8
    rows_per_pass: int = 4
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    warmup: float = 0.02
    decay_from: float = 0.45
    reading_until: float = 0.6
    rounded_from: float = 0.6
    peak: float = 1.0
    heads_first: int = 0
    compiled: bool = True


def continued(minutes: float, before: dict[str, Any]) -> BaseConfiguration:
    """How a finished base of these settings is trained further: gentler, in four bits from the start, its new heads first."""
    sizes = {name: before[name] for name in ("width", "layers", "heads", "key_value_heads", "inner", "length")}
    return BaseConfiguration(minutes, **sizes, peak=0.7, decay_from=0.3, reading_until=0.3, rounded_from=0.0, heads_first=40)


Progress = Callable[[dict[str, float]], None]


def new_model(configuration: BaseConfiguration, vocabulary: int) -> Qwen2ForCausalLM:
    """A Qwen2 causal LM with random weights, but for heads that start by looking at the words before."""
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
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
    look_at_neighbours(model)
    return model


def rate_at(share: float, configuration: BaseConfiguration) -> float:
    """Learning-rate factor at a share of the time: a short rise, a plateau, a straight line to almost zero."""
    if share < configuration.warmup:
        return configuration.peak * max(share / configuration.warmup, 0.02)
    if share < configuration.decay_from:
        return configuration.peak
    return configuration.peak * max(0.02, (1 - share) / (1 - configuration.decay_from))


def _optimisers(model: Qwen2ForCausalLM, heads: Heads, configuration: BaseConfiguration) -> list[torch.optim.Optimizer]:
    steered = matrices(model)
    others = [p for p in (*model.parameters(), *heads.parameters()) if not any(p is matrix for matrix in steered)]
    return [
        torch.optim.Muon(steered, lr=configuration.muon_rate, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=configuration.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


@dataclass
class _Training:
    """All that a checkpoint keeps. `elapsed` is in seconds, `seed` the next example's."""

    model: Qwen2ForCausalLM
    heads: Heads
    optimisers: list[torch.optim.Optimizer]
    step: int = 0
    seed: int = 0
    tokens: int = 0
    elapsed: float = 0.0

    def _parts(self) -> dict[str, Any]:
        return {"model": self.model, "heads": self.heads} | {f"optimiser{i}": o for i, o in enumerate(self.optimisers)}

    def save(self, file: Path) -> None:
        """Writes the checkpoint beside the old one, then puts it in its place."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        partial_file = file.with_suffix(".partial")
        torch.save(state | {"step": self.step, "seed": self.seed, "tokens": self.tokens, "elapsed": self.elapsed}, partial_file)
        partial_file.replace(file)

    def load(self, file: Path, device: torch.device) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(file, map_location=device)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.seed, self.tokens, self.elapsed = state["step"], state["seed"], state["tokens"], state["elapsed"]


def _take_step(training: _Training, passes: list[Batch], factor: float, rounded: bool, heads_only: bool, parts: Compiled) -> Counter[str]:
    """One optimiser step at `factor` of the full rates; its losses by name."""
    total, device = Counter[str](), passes[0].ids.device.type
    with four_bit_weights(training.model) if rounded else nullcontext():
        for batch in passes:
            with torch.autocast(device, torch.bfloat16):
                loss, separate = objective(batch, training.model, training.heads, parts)
            loss.backward()
            total.update(separate)
    if heads_only:
        training.model.zero_grad(set_to_none=True)
    torch.nn.utils.clip_grad_norm_([*training.model.parameters(), *training.heads.parameters()], 1.0)
    for optimiser in training.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group.setdefault("full_rate", group["lr"]) * factor
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return total


def compiled_parts(model: Qwen2ForCausalLM, compiled: bool) -> Compiled:
    """The heavy parts of the objective, compiled when asked."""
    body = partial(inner_states, model)
    if not compiled:
        return Compiled(body)
    return Compiled(
        torch.compile(body, dynamic=False),
        torch.compile(summed_cross_entropy, dynamic=True),
        torch.compile(summed_pointer_loss, dynamic=False),
    )


def train_base(
    knowledge: Knowledge,
    tokenizer: Tokenizer,
    configuration: BaseConfiguration,
    folder: Path,
    progress: Progress,
    start: Path | None = None,
    shares: Mapping[str, float] = SHARES,
    lent: torch.Tensor | None = None,
) -> Qwen2ForCausalLM:
    """The trained model; `folder` holds checkpoint.pt, from which an interrupted training goes on.

    `start` is the folder of a finished base of the same sizes and vocabulary, which is trained further; `shares` are those
    of the kinds of examples; `lent` are an encoder's embeddings of the tokenizer's pieces (`borrowing.lent_embeddings`).
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = new_model(configuration, tokenizer.get_vocab_size())
    if lent is not None:
        borrow(model, lent)
    model = model.to(device)
    heads = Heads(configuration.width, tag_count(knowledge), len(knowledge.conditions)).to(device)
    training = _Training(model, heads, _optimisers(model, heads, configuration))
    checkpoint = folder / "checkpoint.pt"
    started_from = json.loads((start / "training.json").read_text("utf-8")) if start else {}
    if checkpoint.exists():
        training.load(checkpoint, device)
    elif start is not None:
        model.load_state_dict(load_file(start / "model.safetensors"), strict=False)  # the tied output head stands there once
        training.tokens, training.seed = started_from["tokens"], started_from["examples"]
    parts = compiled_parts(model, configuration.compiled)
    whole = configuration.minutes * 60
    stream = rows(knowledge, tokenizer, configuration.length, training.seed, lambda: training.elapsed < configuration.reading_until * whole)
    model.train()
    smooth: dict[str, float] = {}
    usual: float | None = None
    last_save = before = time.monotonic()
    while training.elapsed < whole:
        taken = [next(stream) for _ in range(configuration.rows_per_step)]
        share = training.elapsed / whole
        passes = batches(taken, configuration.rows_per_pass, device)
        factor = rate_at(share, configuration)
        losses = _take_step(training, passes, factor, share > configuration.rounded_from, training.step < configuration.heads_first, parts)
        now = time.monotonic()
        if smooth:  # the first step is compilation, which is not training
            took = now - before
            usual = took if usual is None else min(took, 0.9 * usual + 0.1 * took)
            training.elapsed += min(took, 4 * usual)  # nor is a machine that sleeps
        before = now
        training.step, training.seed, training.tokens = (
            training.step + 1,
            taken[-1].seed,
            training.tokens + len(taken) * configuration.length,
        )
        smooth = {name: 0.95 * smooth.get(name, loss) + 0.05 * loss for name, loss in losses.items()}
        if training.step % 20 == 0:
            minutes = {"minutes": training.elapsed / 60, "of": configuration.minutes}
            progress({"step": training.step, "tokens": training.tokens, **minutes, "rate": factor, **smooth})
        if now - last_save > CHECKPOINT_SECONDS or training.elapsed >= whole:
            training.save(checkpoint)
            last_save = now
    record = {
        "started_from": started_from or None,
        "borrowed_pieces": 0 if lent is None else int(lent.any(dim=1).sum()),
        "steps": training.step,
        "tokens": training.tokens,
        "examples": training.seed,
        "losses": smooth,
        "minutes": training.elapsed / 60,
    }
    (folder / "base.json").write_text(json.dumps({**asdict(configuration), **record}, indent=1))
    keep_borrowed(model)
    return model


def save_base(model: Qwen2ForCausalLM, folder: Path) -> None:
    """Writes the weights in bfloat16 as safetensors, with the configuration."""
    model = model.to("cpu").to(torch.bfloat16)
    model.config.dtype = "bfloat16"
    model.save_pretrained(folder)
