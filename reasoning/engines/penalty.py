"""Which logits a penalty lowers at this place of one sample: token ids only, no model."""

from collections.abc import Callable, Sequence

from reasoning.engines.detokenise import Decode
from reasoning.engines.engine import LogitsPenalty

LETTERS = 3
"""Letters of a text that must be complete before a token is held against it: a first token "H" may become any word, "Hmm" not."""

_BEFORE = ("\n", ". ")  # where a text is written: at the beginning of a line, or behind a blank


def beginnings(texts: Sequence[str], encode: Callable[[str], list[int]], decode: Decode) -> tuple[tuple[int, ...], ...]:
    """The shortest token sequences that begin one of the texts with at least three of its letters (or all it has)."""
    found = dict.fromkeys(_beginning(text, before, encode, decode) for text in texts for before in _BEFORE)
    return tuple(sequence for sequence in found if sequence)


def _beginning(text: str, before: str, encode: Callable[[str], list[int]], decode: Decode) -> tuple[int, ...]:
    start, whole = encode(before.rstrip(" ")), encode(before + text)
    first = 0  # of the tokens that write the text, and the blank before it where they share one
    while first < min(len(start), len(whole)) and start[first] == whole[first]:
        first += 1
    end = first
    while end < len(whole) and len(decode(whole[first:end]).strip()) < min(LETTERS, len(text)):
        end += 1
    return tuple(whole[first:end])


class Penalised:
    """One penalty at work in one phase of one sample."""

    def __init__(self, penalty: LogitsPenalty, sequences: Sequence[tuple[int, ...]]) -> None:
        self._penalty = penalty
        self._sequences = sequences
        self._longest = max((len(sequence) for sequence in sequences), default=1)
        self._tail: list[int] = []
        self._since = 0

    def lowered(self) -> dict[int, float]:
        """What to add to which token's logit now."""
        if self._penalty.duration is not None and self._since >= self._penalty.duration:
            return {}
        ends = {s[-1] for s in self._sequences if len(s) == 1 or tuple(self._tail[1 - len(s) :]) == s[:-1]}
        return dict.fromkeys(ends, -self._penalty.strength)

    def wrote(self, token: int) -> None:
        """Take note of a token of the phase."""
        self._tail = [*self._tail, token][-self._longest :]
        self._since += 1
        if any(tuple(self._tail[-len(sequence) :]) == sequence for sequence in self._sequences):
            self._since = 0
