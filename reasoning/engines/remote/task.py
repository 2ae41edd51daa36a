"""What both ways of asking need: one sample to write, and how a request for it is worded."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from reasoning.engines.engine import Chunk, Message, Phase, Request, Sampling
from reasoning.engines.remote.servers import Server
from reasoning.engines.remote.wire import Counts, Piece

Answers = Literal["lines", "schema", "grammar"]
"""How the form of an answer is held: by the prompt alone, by a JSON schema, or by the grammars that the local engine uses."""


class Ask(Protocol):
    """Sends one body to one endpoint ("/chat/completions" or "/completions") and streams what comes back. Raises EngineError."""

    def __call__(self, endpoint: str, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]: ...


@dataclass(frozen=True)
class Task:
    """One sample on its way: `phases` are the request's, shortened to the context; `prompt` is the template filled in, if we have it."""

    number: int
    sample: int
    request: Request
    phases: Sequence[Phase]
    messages: Sequence[Message]
    prompt: str | None
    model: str

    def chunk(self, phase: Phase | str, text: str = "", tokens: int = 0, **more: Any) -> Chunk:
        """A chunk of this sample."""
        return Chunk(self.number, self.sample, phase if isinstance(phase, str) else phase.name, text, tokens, **more)

    def body(self, server: Server, sampling: Sampling, limit: int, stop: str) -> dict[str, Any]:
        """The fields of a request that are the same for both endpoints."""
        warm = sampling.temperature > 0
        return {
            **server.body,
            **(server.sampling if warm else {}),
            "model": self.model,
            "stream": True,
            "max_tokens": limit,
            "temperature": sampling.temperature,
            "seed": self.request.seed + self.sample,
            **({"top_p": sampling.top_p} if warm else {}),
            **({"stop": [stop]} if stop else {}),
        }


@dataclass
class Tally:
    """Tokens of one reply: the server's running count, else its log-probabilities, else one for each piece, put right at the end."""

    limit: int
    counted: int = 0
    counts: Counts | None = None
    guessed: bool = False

    def take(self, piece: Piece) -> int:
        """How many tokens this piece adds; below zero where the server's count is lower than ours was."""
        if piece.counts is not None:
            self.counts = piece.counts
            new = piece.counts.completion - self.counted
        elif piece.tokens is not None:
            new = piece.tokens
        else:
            new = 1 if piece.text else 0
            self.guessed = self.guessed or new > 0
        self.counted += new
        return new

    @property
    def over(self) -> bool:
        """Whether the server goes on beyond what was asked of it."""
        return self.counted > self.limit

    def remarks(self) -> tuple[str, ...]:
        """What a user should know of these counts."""
        found = []
        if self.over:
            found.append(
                f"The server wrote more than the {self.limit} tokens it was allowed in one request: it does not keep to the limit."
            )
        if self.guessed and self.counts is None:
            found.append("The server did not say how many tokens it wrote; the counts are estimates, one for each piece of text it sent.")
        return tuple(found)


def clear_of(text: str, stop: str) -> int:
    """How much of the text can be shown while its end may yet become the stop string."""
    for size in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:size]):
            return len(text) - size
    return len(text)


Count = Callable[[str], int]
