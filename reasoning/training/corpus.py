"""The stream of training rows: exercises drawn by share, tokenised with a weight for each token, packed without cutting."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from cases.generator import generate_case
from cases.knowledge import Knowledge
from reasoning.training import texts
from reasoning.training.listing import listed_diagnoses, listing_states
from reasoning.training.pointing import no_pointers, pointers
from reasoning.training.reading import UNTAUGHT, Signals, no_signals, note_signals, untaught, wording_signals
from reasoning.training.texts import Example

SHARES = {
    "vanilla": 0.24, "cot": 0.13, "longstep": 0.14, "longmonolog": 0.11,
    "read": 0.07, "weigh": 0.05, "telegram": 0.25, "words": 0.10, "name": 0.02, "describe": 0.01, "quote": 0.03,
}  # fmt: skip
"""Share of examples, not of tokens."""
READING_FIRST = 0.4
"""The share of words at first, against which the others stay as they are: nothing else can be learnt before."""

_DECISION = re.compile(r"^\d\. .*$|^## Conclusion\n.*$|(?<= = ).*$|(?<=^[+-] )\S+|(?<=\" )\w+", re.MULTILINE)
RANK_WEIGHTS = (24.0, 12.0, 8.0, 6.0)
"""Of the diagnoses of a ranked list, the first first; the last figure is that of all after it."""
DECISION_WEIGHT = 3.0
"""Diagnoses, canonical findings and the first word of a quotation are few tokens among many; without weight, copying drowns them."""


@dataclass(frozen=True)
class Tokenised:
    """One example: ids, loss weights, what the note teaches at each token, and where the reply's words come from."""

    ids: list[int]
    weights: list[float]
    signals: Signals
    pointers: np.ndarray


@dataclass(frozen=True)
class Row:
    """One packed row: the arrays of its examples behind one another, and the seed to resume from."""

    ids: np.ndarray
    weights: np.ndarray
    signals: Signals
    pointers: np.ndarray
    seed: int


def make_example(knowledge: Knowledge, kind: str, seed: int) -> Example:
    """The training example of a kind and seed: always the same."""
    draw = random.Random(f"text:{kind}:{seed}")
    if kind == "name":
        return texts.phrase_exercise(knowledge, draw)
    if kind == "words":
        return texts.wording_exercise(knowledge, draw)
    if kind == "describe":
        return texts.script_exercise(knowledge, draw)
    case = generate_case(seed, "train", knowledge)
    if kind == "read":
        return texts.reading_exercise(knowledge, case)
    if kind == "weigh":
        return texts.weighing_exercise(knowledge, case)
    if kind == "telegram":
        return texts.telegram_exercise(knowledge, case, draw)
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


def tokenise(
    knowledge: Knowledge, tokenizer: Tokenizer, example: Example, decisions_only: bool = False, reader: Tokenizer | None = None
) -> Tokenised:
    """Token ids and loss weights: 0 for what is given, 1 for what is learnt, more for what is decided; `reader` splits the prompt."""
    before, reply = render(example)
    given = (reader or tokenizer).encode(before, add_special_tokens=False)
    encoded = tokenizer.encode(reply, add_special_tokens=False)
    decided: np.ndarray = np.zeros(len(reply) + 1)
    for match in _DECISION.finditer(reply):
        decided[match.start() : match.end()] = DECISION_WEIGHT
    listed = listed_diagnoses(knowledge, reply)
    for row in listed:
        decided[row.start : row.end] = RANK_WEIGHTS[min(len(row.before), len(RANK_WEIGHTS) - 1)]
    weights = [float(decided[start:end].max(initial=0.0 if decisions_only else 1.0)) for start, end in encoded.offsets]
    total = len(given.ids) + len(encoded.ids)
    signals, pointed = no_signals(total, knowledge), no_pointers(total)
    if example.case is not None:
        noted = note_signals(knowledge, example.case, before.index(example.case.case.text), given.offsets)
        nothing = untaught(len(encoded.ids))
        named, remaining = listing_states(knowledge, listed, encoded.offsets, noted.posteriors[-1], len(noted.posteriors))
        signals = Signals(
            np.append(noted.tags, nothing),
            np.append(noted.earlier, nothing),
            np.append(noted.states, named),
            np.concatenate([noted.posteriors, remaining]),
        )
        offsets = given.offsets + [(start + len(before), end + len(before)) for start, end in encoded.offsets]
        pointed = pointers(knowledge, before + reply, len(before), offsets, example.case)
    elif example.stated:
        offsets = given.offsets + [(len(before), len(before))] * len(encoded.ids)
        signals = wording_signals(knowledge, example.stated, before.index(example.user), offsets)
    return Tokenised(given.ids + encoded.ids, [0.0] * len(given.ids) + weights, signals, pointed)


def rows(
    knowledge: Knowledge,
    tokenizer: Tokenizer,
    length: int,
    first_seed: int = 0,
    reading_first: Callable[[], bool] = lambda: False,
    shares: Mapping[str, float] = SHARES,
) -> Iterator[Row]:
    """Rows of `length` tokens, whole examples only; what does not fit a row is left out."""
    dropping = with_dropout(tokenizer)
    seed, pool = first_seed, list[Tokenised]()
    while True:
        while len(pool) < 48:
            now = {**shares, "words": READING_FIRST} if reading_first() else shares
            kind = random.Random(f"kind:{seed}").choices(list(now), list(now.values()))[0]
            example = make_example(knowledge, kind, seed)
            item = tokenise(
                knowledge,
                tokenizer,
                example,
                decisions_only=kind in ("name", "words", "telegram"),
                reader=dropping if seed % 3 == 0 else None,
            )
            seed += 1
            if len(item.ids) <= length:
                pool.append(item)
        chosen, room = list[Tokenised](), length
        while True:
            fitting = max(
                (i for i, item in enumerate(pool) if len(item.ids) <= room), key=lambda i: (i == 0, len(pool[i].ids)), default=None
            )
            if fitting is None:
                break
            chosen.append(pool.pop(fitting))
            room -= len(chosen[-1].ids)
        yield _packed(chosen, length, seed)


def _shifted(array: np.ndarray, by: int) -> np.ndarray:
    """Places inside an example as places inside the row."""
    return np.where(array == UNTAUGHT, UNTAUGHT, array + by)


def _packed(items: Sequence[Tokenised], length: int, seed: int) -> Row:
    ids: np.ndarray = np.zeros(length, dtype=np.int64)
    weights: np.ndarray = np.zeros(length, dtype=np.float32)
    tags, earlier, states, pointed = untaught(length), untaught(length), untaught(length), no_pointers(length)
    at, before = 0, 0
    for item in items:
        place = slice(at, at + len(item.ids))
        ids[place], weights[place] = item.ids, item.weights
        tags[place], earlier[place] = item.signals.tags, item.signals.earlier
        states[place] = _shifted(item.signals.states, before)
        pointed[..., place] = _shifted(item.pointers, at)
        at, before = place.stop, before + len(item.signals.posteriors)
    posteriors = np.concatenate([item.signals.posteriors for item in items])
    return Row(ids, weights, Signals(tags, earlier, states, posteriors), pointed, seed)
