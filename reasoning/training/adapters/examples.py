"""From a journey record to token ids, of which only the completion is learnt."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reasoning.engines.engine import Message
from reasoning.engines.prompt import control_tokens, encode, prompt_ids
from reasoning.training.texts import ANSWER, END_ANSWER, END_THINK, THINK

IGNORED = -100
"""The label of a token that is given, not learnt."""
TOO_LONG = "longer than the most tokens: cut short, it would teach the model never to answer"
CONTROL = "the completion holds a control token of the base"
_OURS = {THINK, END_THINK, ANSWER, END_ANSWER}


@dataclass(frozen=True)
class Example:
    """Token ids of a prompt and its completion; the first `given` of them are not learnt."""

    ids: list[int]
    given: int

    @property
    def labels(self) -> list[int]:
        """What is learnt at each token."""
        return [IGNORED] * self.given + self.ids[self.given :]


@dataclass(frozen=True)
class Examples:
    """The examples that are learnt, and how many were left out and why."""

    used: list[Example]
    left_out: Counter[str] = field(default_factory=Counter)

    def lengths(self) -> list[int]:
        """Tokens of each example, prompt included."""
        return [len(example.ids) for example in self.used]


def make_example(tokenizer: Any, messages: Sequence[Message], completion: str) -> Example:
    """One example, token for token what the engine reads and would write.

    The completion is not put through the chat template as an assistant's turn: templates of reasoning models reword or drop
    thoughts there. It stands behind the prompt that the engine makes, and ends with the token that ends a turn.
    """
    prompt = prompt_ids(tokenizer, messages)
    return Example([*prompt, *encode(tokenizer, completion), tokenizer.eos_token_id], len(prompt))


def read_examples(tokenizer: Any, pairs: Iterable[tuple[Sequence[Message], str]], longest: int) -> Examples:
    """Examples of messages and completions, whole ones only."""
    examples = Examples([])
    foreign = [token for token in control_tokens(tokenizer) if token not in _OURS]
    for messages, completion in pairs:
        if any(token in completion for token in foreign):
            examples.left_out[CONTROL] += 1
            continue
        example = make_example(tokenizer, messages, completion)
        if len(example.ids) > longest:
            examples.left_out[TOO_LONG] += 1
        else:
            examples.used.append(example)
    return examples


def described(lengths: Sequence[int]) -> dict[str, int]:
    """Figures for a record: all tokens, the median and the longest example."""
    return {"tokens": sum(lengths), "median_tokens": round(statistics.median(lengths)), "longest_tokens": max(lengths)} if lengths else {}
