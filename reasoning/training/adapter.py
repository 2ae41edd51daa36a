"""Tunes an adapter of the demonstration model: examples that the knowledge base writes, a clock for a schedule."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from cases.knowledge import load_knowledge
from reasoning.engines.loading import hash_weights
from reasoning.training.adapters import libraries, work
from reasoning.training.adapters.base import Base, load_tokenizer
from reasoning.training.adapters.configuration import load_configuration
from reasoning.training.adapters.examples import read_examples
from reasoning.training.adapters.trainer import identity_of, tune
from reasoning.training.corpus import make_example

ADAPTER_SEEDS = 80_000_000
"""First seed of adapter examples: cases that the base never saw, still of the training split."""
EXAMPLES = 3000


def train_adapter(base: Path, folder: Path, strategy: str, minutes: float, report: Callable[[dict[str, float]], None]) -> None:
    """Trains for `minutes` on completions of one strategy and writes the adapter and a record of the run into `folder`.

    Goes on from the newest checkpoint in `folder/work`, unless that is of another base or other examples: those are begun
    anew. Raises MissingExtra without TRL.
    """
    libraries.require()
    knowledge, tokenizer = load_knowledge(), load_tokenizer(base)
    configuration = load_configuration("demonstration", minutes=minutes)
    made = (make_example(knowledge, strategy, ADAPTER_SEEDS + i) for i in range(EXAMPLES))
    pairs = ((({"role": "user", "content": example.user},), example.reply) for example in made)
    examples = read_examples(tokenizer, pairs, configuration.longest)
    digest = hashlib.sha256(repr([example.ids for example in examples.used]).encode()).hexdigest()
    data = {
        "source": "knowledge",
        "first_seed": ADAPTER_SEEDS,
        "sha256": digest,
        "records": len(examples.used),
        "left_out": dict(examples.left_out),
    }
    known = Base(str(base), "soliloquy/demonstration", str(base), "demonstration")
    identity = identity_of(known.id, hash_weights(base), strategy, configuration, data)
    begun_otherwise = work.is_other_training(folder / work.FOLDER, identity)
    tune(known, tokenizer, examples.used, configuration, folder, strategy, data, report, resume=not begun_otherwise)
