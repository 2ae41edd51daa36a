"""One sample on its way through its phases: a small state machine that knows tokens and text but no model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from reasoning.engines.constraint import Guard
from reasoning.engines.detokenise import Decode, PhaseText
from reasoning.engines.engine import Chunk, GrammarSource, Phase, Request, Sampling
from reasoning.engines.penalty import Penalised
from reasoning.engines.repetition import said_before

Finish = Literal["stop", "length"]


@dataclass(frozen=True)
class Tongue:
    """What a row needs to know of the tokenizer."""

    encode: Callable[[str], list[int]]
    decode: Decode
    ends: frozenset[int]
    guard: Callable[[GrammarSource], Guard]
    beginnings: Callable[[tuple[str, ...]], tuple[tuple[int, ...], ...]]


class Row:
    """`queue` waits to be fed, `context` was fed, and the cache still holds `discard` tokens at its end that must go first.

    A row with an empty queue is ready for a token of its own. The context always reads: opening, what the model
    wrote, the phase's stop string exactly once, the next opening; whether the model or the engine wrote the stop.
    """

    def __init__(self, number: int, sample: int, request: Request, phases: Sequence[Phase], prompt: Sequence[int], tongue: Tongue):
        self.number, self.sample, self.request, self.phases = number, sample, request, phases
        self.context: list[int] = []
        self.queue = list(prompt)
        self.discard = 0
        self.done = False
        self.started = False
        self._tongue = tongue
        self._random = torch.Generator().manual_seed(request.seed + sample)
        self._index = -1
        self._spent = 0
        self._continued = 0
        self._continued_at = 0
        self._penalised: list[Penalised] = []
        self._text: PhaseText
        self.guard: Guard | None = None
        self._first = self._enter("")

    @property
    def phase(self) -> Phase:
        return self.phases[self._index]

    @property
    def sampling(self) -> Sampling:
        return self.phase.sampling or self.request.sampling

    def draw(self) -> float:
        """A uniform number from this sample's own stream; none is used up at temperature 0."""
        return float(torch.rand((), generator=self._random, dtype=torch.float64)) if self.sampling.temperature > 0 else 0.0

    def biases(self) -> dict[int, float]:
        """What the phase's penalties add to which token's logit now."""
        found: dict[int, float] = {}
        for penalised in self._penalised:
            for token, bias in penalised.lowered().items():
                found[token] = found.get(token, 0.0) + bias
        return found

    def begin(self) -> list[Chunk]:
        """The chunk of the first opening, once."""
        first, self.started = ([] if self.started else self._first), True
        return first

    def fed(self, count: int) -> None:
        """Note that `count` tokens of the queue are now in the cache, and the discards are not."""
        self.discard = 0
        self.context += self.queue[:count]
        del self.queue[:count]

    def accept(self, token: int, logprob: float) -> list[Chunk]:
        """Take the token that was chosen for this row; the chunks to give out."""
        self._spent += 1
        ended = token in self._tongue.ends
        if not ended:
            self.queue.append(token)
            self._text.add(token)
            self._wrote([token])
        if self.guard is not None:
            self.guard.accept(token, self._text.text)
            stop_at = len(self._text.text) if self.guard.complete else None
        else:
            stop_at = len(self._text.text) if ended else self._text.stop_at()
        score = logprob if self.request.logprobs else None
        if stop_at is not None:
            text = self._text.release(stop_at)
            news: list[Chunk] = []
            if self._early():
                if self._repeats(stop_at):
                    news = [self._chunk("", 0, forced=True, finish="repeated")]
                elif (again := self._again(stop_at)) is not None:
                    return [self._chunk(text, 1, logprob=score), again]
            opening = self._leave("" if ended or self.guard is not None else self.phase.stop, stop_at, token)
            return [*news, *self._close(text, score, "stop", opening)]
        if self._spent >= self.phase.maximum_tokens:
            text = self._text.release(len(self._text.text))
            return self._close(text, score, "length", self._leave("", len(self._text.text), token))
        return [self._chunk(self._text.release(), 1, logprob=score)]

    def _close(self, text: str, score: float | None, finish: Finish, opening: tuple[str, list[Chunk]]) -> list[Chunk]:
        name, chunks = opening
        closing = Chunk(self.number, self.sample, name, text, 1, logprob=score, finish=finish, last=self.done)
        return [closing, *chunks]

    def _early(self) -> bool:
        """Whether budget forcing may take back a stop here."""
        phase = self.phase
        return self.guard is None and self._spent < phase.minimum_tokens and self._continued < phase.continue_times

    def _repeats(self, stop_at: int) -> bool:
        """Whether what was written since the last continuation had been said before."""
        limit = self.phase.repetition_limit
        if limit is None or not self._continued:
            return False
        return said_before(self._text.text[self._continued_at : stop_at], self._text.text[: self._continued_at]) >= limit

    def _again(self, stop_at: int) -> Chunk | None:
        """Budget forcing: the early stop is taken back and replaced, if there is a text and the limit allows it."""
        text = self.phase.continuation(self._continued)
        word = self._tongue.encode(text)
        if not text or self._spent + len(word) >= self.phase.maximum_tokens:
            return None
        cost = len(word) + self._rewind(stop_at)
        self._write(word, text)
        self._spent += cost
        self._continued += 1
        self._continued_at = len(self._text.text)
        return self._chunk(text, cost, forced=True, finish="continued")

    def _write(self, ids: Sequence[int], text: str) -> None:
        """Force text into the phase."""
        self.queue += ids
        self._text.write(ids, text)
        self._wrote(ids)

    def _wrote(self, ids: Sequence[int]) -> None:
        for penalised in self._penalised:
            for token in ids:
                penalised.wrote(token)

    def _rewind(self, end: int) -> int:
        """Shorten the phase to `end` characters: tokens leave queue and context; how many had to be written again."""
        dropped, rest = self._text.cut(end)
        waiting = min(dropped, len(self.queue))
        del self.queue[len(self.queue) - waiting :]
        del self.context[len(self.context) - (dropped - waiting) :]
        self.discard += dropped - waiting
        ids = self._tongue.encode(rest) if rest else []
        self.queue += ids
        if ids:
            self._text.write(ids, rest)
        return len(ids)

    def _leave(self, written_stop: str, stop_at: int, token: int) -> tuple[str, list[Chunk]]:
        """End the phase and force the next opening, if there is one; the name of the phase left and new chunks."""
        phase = self.phase
        if self._index + 1 == len(self.phases):
            self.done = True
            return phase.name, []
        if written_stop:
            # A token may reach beyond the stop string; what follows it is not part of the agreed context.
            self._rewind(stop_at + len(written_stop))
        chunks = self._enter("" if written_stop else phase.stop)
        if not self.queue:
            self.queue.append(token)  # nothing to force after an end-of-text token: it marks the border itself
        return phase.name, chunks

    def _enter(self, unwritten_stop: str) -> list[Chunk]:
        self._index += 1
        phase = self.phase
        forced = self._tongue.encode(unwritten_stop + phase.opening) if unwritten_stop + phase.opening else []
        self.queue += forced
        self._spent = self._continued = self._continued_at = 0
        self._text = PhaseText(self._tongue.decode, self.context + self.queue, phase.stop)
        self.guard = self._tongue.guard(phase.grammar()) if phase.grammar is not None else None
        self._penalised = [Penalised(penalty, self._tongue.beginnings(penalty.texts)) for penalty in phase.penalties]
        chunks = [self._chunk(phase.opening, len(forced), forced=True)] if forced else []
        if phase.given:
            given = self._tongue.encode(phase.given)
            self._write(given, phase.given)
            self._spent = len(given)
            chunks.append(self._chunk(phase.given, len(given), forced=True))
        return chunks

    def _chunk(
        self,
        text: str,
        tokens: int,
        forced: bool = False,
        logprob: float | None = None,
        finish: Literal["stop", "length", "continued", "repeated"] | None = None,
    ) -> Chunk:
        return Chunk(self.number, self.sample, self.phase.name, text, tokens, forced, logprob, finish)
