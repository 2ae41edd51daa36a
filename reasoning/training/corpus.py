"""The stream of training rows: exercises drawn by share, tokenised with a weight for each token, packed without cutting."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from cases.generator import generate_case
from cases.knowledge import Knowledge
from reasoning.training import texts
from reasoning.training.texts import Example

SHARES = {
    "vanilla": 0.22, "cot": 0.13, "longstep": 0.09, "longmonolog": 0.06,
    "read": 0.38, "weigh": 0.07, "name": 0.03, "describe": 0.01, "quote": 0.01,
}  # fmt: skip
"""Share of examples, not of tokens. Naming is learnt within ten million tokens; reading a note in order is what takes the longest."""

_HEAD_LINE = re.compile(r"^\d\. .*$|^## Conclusion\n.*$|(?<= = ).*$", re.MULTILINE)
HEAD_WEIGHT = 3.0
"""Diagnoses and canonical findings are few tokens among many; without weight, copying drowns them."""


@dataclass(frozen=True)
class Tokenised:
    ids: list[int]
    weights: list[float]


def make_example(knowledge: Knowledge, kind: str, seed: int) -> Example:
    """The training example of a kind and seed: always the same."""
    draw = random.Random(f"text:{kind}:{seed}")
    if kind == "name":
        return texts.phrase_exercise(knowledge, draw)
    if kind == "describe":
        return texts.script_exercise(knowledge, draw)
    case = generate_case(seed, "train", knowledge)
    if kind == "read":
        return texts.reading_exercise(knowledge, case, draw)
    if kind == "weigh":
        return texts.weighing_exercise(knowledge, case, draw)
    if kind == "quote":
        return texts.copy_exercise(knowledge, case, draw)
    return texts.case_example(knowledge, case, kind, draw)


def render(example: Example) -> tuple[str, str]:
    """The chat text before the reply, and the reply with its end mark: what apply_chat_template would give."""
    return f"<|im_start|>user\n{example.user}<|im_end|>\n<|im_start|>assistant\n", f"{example.reply}<|im_end|>\n"


def with_dropout(tokenizer: Tokenizer, share: float = 0.1) -> Tokenizer:
    """A copy that sometimes leaves pieces unmerged (BPE dropout, arXiv 1910.13267), so that odd spellings are met in training."""
    other = Tokenizer.from_str(tokenizer.to_str())
    other.model.dropout = share
    return other


def tokenise(tokenizer: Tokenizer, example: Example, naming_only: bool = False, reader: Tokenizer | None = None) -> Tokenised:
    """Token ids and loss weights: 0 for what is given, 1 for what is learnt, more for diagnoses and finding names."""
    before, reply = render(example)
    given = (reader or tokenizer).encode(before, add_special_tokens=False).ids
    encoded = tokenizer.encode(reply, add_special_tokens=False)
    heavy: np.ndarray = np.zeros(len(reply) + 1, dtype=bool)
    for match in _HEAD_LINE.finditer(reply):
        heavy[match.start() : match.end()] = True
    weights = [HEAD_WEIGHT if heavy[start:end].any() else 0.0 if naming_only else 1.0 for start, end in encoded.offsets]
    return Tokenised(given + encoded.ids, [0.0] * len(given) + weights)


def rows(knowledge: Knowledge, tokenizer: Tokenizer, length: int, first_seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Rows of `length` ids and weights, whole examples only, and the seed to resume from after each row."""
    kinds, shares = list(SHARES), list(SHARES.values())
    dropping = with_dropout(tokenizer)
    seed, pool = first_seed, list[Tokenised]()
    while True:
        while len(pool) < 48:
            kind = random.Random(f"kind:{seed}").choices(kinds, shares)[0]
            item = tokenise(
                tokenizer, make_example(knowledge, kind, seed), naming_only=kind == "name", reader=dropping if seed % 3 == 0 else None
            )
            seed += 1
            if len(item.ids) <= length:
                pool.append(item)
        ids, weights = list[int](), list[float]()
        while True:
            room = length - len(ids)
            fitting = max(
                (i for i, item in enumerate(pool) if len(item.ids) <= room), key=lambda i: (i == 0, len(pool[i].ids)), default=None
            )
            if fitting is None:
                break
            item = pool.pop(fitting)
            ids += item.ids
            weights += item.weights
        pad = length - len(ids)
        yield np.array(ids + [0] * pad), np.array(weights + [0.0] * pad, dtype=np.float32), seed
