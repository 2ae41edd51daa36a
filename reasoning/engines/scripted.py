"""An engine that reads out prepared replies: for tests, teaching and screens without a model."""

import re
import time
from collections import deque
from collections.abc import Iterator, Sequence

from reasoning.engines.engine import Chunk, EngineError, Message, ModelCard, Request
from reasoning.engines.repetition import said_before


class ScriptedEngine:
    """Each sample takes the next reply, a list with the text of each phase, and streams it word by word.

    A word is a token. Limits, stops, budget forcing and cancellation are those of `Phase`; a reply may write its stop
    string several times, and budget forcing goes on behind an early one. Grammars are not checked, and penalties change
    nothing: there are no logits. `requests` keeps all that was asked, `cancelled` counts the streams that were closed early.
    Raises EngineError when no reply is left.
    """

    def __init__(self, replies: Sequence[Sequence[str]], delay: float = 0.0, card: ModelCard | None = None) -> None:
        self.requests: list[Request] = []
        self.cancelled = 0
        self._replies = deque(replies)
        self._delay = delay
        self._card = card or ModelCard(id="scripted")

    @property
    def card(self) -> ModelCard:
        """The card it was given."""
        return self._card

    def count_tokens(self, text: str) -> int:
        """How many words the text has."""
        return len(_words(text))

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """The messages, one a paragraph."""
        return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        """Chunks of all samples in turn. Raises EngineError."""
        self.requests += requests
        wanted = sum(request.samples for request in requests)
        if wanted > len(self._replies):
            raise EngineError(f"The scripted engine has {len(self._replies)} replies left and {wanted} were asked for; give it more.")
        waiting = deque(
            _read(number, sample, request, self._replies.popleft())
            for number, request in enumerate(requests)
            for sample in range(request.samples)
        )
        try:
            while waiting:
                sample = waiting.popleft()
                if (chunk := next(sample, None)) is not None:
                    time.sleep(self._delay)
                    yield chunk
                    waiting.append(sample)
        except GeneratorExit:
            self.cancelled += 1
            raise


def _read(number: int, sample: int, request: Request, reply: Sequence[str]) -> Iterator[Chunk]:
    for index, phase in enumerate(request.phases):
        last = index + 1 == len(request.phases)
        if phase.opening:
            yield Chunk(number, sample, phase.name, phase.opening, len(_words(phase.opening)), forced=True)
        if phase.given:
            yield Chunk(number, sample, phase.name, phase.given, len(_words(phase.given)), forced=True)
        parts = deque(_split(reply[index] if index < len(reply) else "", phase.stop))
        spent, continued, before, stretch = len(_words(phase.given)), 0, "", phase.given
        while True:
            words = _words(parts.popleft() if parts else "")
            for word in words[: max(0, phase.maximum_tokens - spent)]:
                yield Chunk(number, sample, phase.name, word, 1)
            spent += len(words)
            stretch += "".join(words)
            text = phase.continuation(continued)
            early = spent < phase.minimum_tokens and continued < phase.continue_times
            if early and continued and phase.repetition_limit is not None and said_before(stretch, before) >= phase.repetition_limit:
                yield Chunk(number, sample, phase.name, forced=True, finish="repeated")
                break
            word_count = len(_words(text))
            if not early or not text or spent + word_count >= phase.maximum_tokens:
                break
            spent, continued, before, stretch = spent + word_count, continued + 1, before + stretch + text, ""
            yield Chunk(number, sample, phase.name, text, word_count, forced=True, finish="continued")
        yield Chunk(number, sample, phase.name, finish="stop" if spent <= phase.maximum_tokens else "length", last=last)


def _words(text: str) -> list[str]:
    """The text in pieces that end after a word; joined they give it back."""
    return re.findall(r"\s*\S+(?:\s+\Z)?|\s+\Z", text)


def _split(text: str, stop: str) -> list[str]:
    return text.split(stop) if stop else [text]
