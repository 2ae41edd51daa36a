"""Trains the demonstration model, every part of it: tokenizer, base, one LoRA adapter per tuned strategy.

Each stage leaves its result in the working folder and is skipped when it is there, so a stopped training goes on.
"""

import json
import shutil
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from cases.knowledge import load_knowledge
from reasoning.training.base import BaseConfiguration, continued, save_base, train_base
from reasoning.training.borrowing import as_texts, lent_embeddings, whole_words
from reasoning.training.corpus import SHARES, make_example, render
from reasoning.training.tokenizer import VOCABULARY, save_tokenizer, train_tokenizer

TOKENIZER_EXAMPLES = 1000
TOKENIZER_SEEDS = 50_000_000
"""Seeds far from those of training rows and adapters."""
BASE_SHARE = 0.84
ADAPTERS = ("longstep", "longmonolog")

Report = Callable[[str, dict[str, float]], None]


def prepare_tokenizer(folder: Path, examples: int = TOKENIZER_EXAMPLES, encoder: Path | None = None) -> PreTrainedTokenizerFast:
    """The tokenizer in `folder/base`, trained there first, on so many examples of each kind, when it is not.

    With an `encoder` to borrow from it has twice as many pieces, and the encoder's commonest words among them.
    """
    base = folder / "base"
    if not (base / "tokenizer.json").exists():
        knowledge = load_knowledge()
        texts = (
            part
            for kind in SHARES
            for seed in range(TOKENIZER_SEEDS, TOKENIZER_SEEDS + examples)
            for part in render(make_example(knowledge, kind, seed))
        )
        base.mkdir(parents=True, exist_ok=True)
        words = as_texts(whole_words(encoder)) if encoder else ()
        save_tokenizer(train_tokenizer(chain(texts, words), (2 if encoder else 1) * VOCABULARY), base)
    return PreTrainedTokenizerFast.from_pretrained(base)


def train_demonstration(folder: Path, minutes: float, report: Report, start: Path | None = None, encoder: Path | None = None) -> None:
    """All stages into `folder`: base/, longstep/, longmonolog/, each with weights and a record of its training.

    `start` is the folder of a finished base: it is trained further, with its own tokenizer, instead of a new one.
    `encoder` is the folder of a pretrained encoder, whose word embeddings a new base borrows.
    """
    from reasoning.training.adapter import train_adapter  # TRL is an optional extra

    folder.mkdir(parents=True, exist_ok=True)
    base = folder / "base"
    if start is not None and not base.exists():
        shutil.copytree(start, base, ignore=shutil.ignore_patterns("*.safetensors", "training.json"))
    tokenizer = prepare_tokenizer(folder, encoder=encoder)
    if not (base / "model.safetensors").exists():
        work = folder / "work"
        work.mkdir(exist_ok=True)
        time = minutes * BASE_SHARE
        configuration = continued(time, json.loads((start / "training.json").read_text("utf-8"))) if start else BaseConfiguration(time)
        lent = lent_embeddings(encoder, tokenizer._tokenizer) if encoder else None
        model = train_base(load_knowledge(), tokenizer._tokenizer, configuration, work, partial(report, "base"), start, lent=lent)
        save_base(model, base)
        shutil.copy(work / "base.json", base / "training.json")
    for name in ADAPTERS:
        if not (folder / name / "adapter_model.safetensors").exists():
            left = minutes * (1 - BASE_SHARE) / len(ADAPTERS)
            train_adapter(base, folder / name, name, left, partial(report, name))
