"""Engines whose pace and mishaps a test decides."""

import threading
from collections.abc import Iterator, Sequence

from reasoning.engines.engine import Chunk, Message, ModelCard, Request
from reasoning.engines.scripted import ScriptedEngine

THOUGHT = "A woman of 63, two days.\nMy first thought is embolism.\nWait, no fever.\nSo, in order: embolism.\n"
ANSWER = "".join(
    f'{rank}. {name} | {status} | {word}\nfor: "sudden SOB"\nagainst: "No fever"\nmissing: D-dimer\n'
    for rank, name, status, word in (
        (1, "Pulmonary embolism", "leading", "likely"),
        (2, "Pneumothorax", "plausible", "possible"),
        (3, "Acute pericarditis", "unlikely", "unlikely"),
    )
)
REPLY = [f"{THOUGHT}</think>", f"{ANSWER}unexplained: none\nnext: CT pulmonary angiogram\n</answer>"]
CARD = ModelCard(id="stepping", quantization="nf4", context=4096)


class SteppingEngine:
    """Reads out the same reply for every sample, one word for each step that the test allows."""

    def __init__(self, steps: int | None = None) -> None:
        """`steps` words are allowed from the beginning; all of them when it is None."""
        self._free = steps is None
        self._allowed = threading.Semaphore(steps or 0)
        self.asked: list[Request] = []
        self.written = 0

    @property
    def card(self) -> ModelCard:
        return CARD

    def allow(self, steps: int) -> None:
        self._allowed.release(steps)

    def run_free(self) -> None:
        self._free = True
        self._allowed.release(1)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def prompt_text(self, messages: Sequence[Message]) -> str:
        return "\n\n".join(message["content"] for message in messages)

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        self.asked += requests
        replies = [REPLY if len(request.phases) > 1 else REPLY[1:] for request in requests for _ in range(request.samples)]
        for chunk in ScriptedEngine(replies).stream(requests):
            if not self._free and not self._allowed.acquire(timeout=60):
                raise TimeoutError
            self.written += 1
            yield chunk


class BreakingEngine(SteppingEngine):
    """Makes a mistake after a few words, with the note in its message, as libraries do."""

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        for count, chunk in enumerate(super().stream(requests)):
            if count == 5:
                raise RuntimeError(f"cannot encode {requests[0].messages}")
            yield chunk
