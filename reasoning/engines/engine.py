"""The contract between strategies and whatever produces tokens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

Message = dict[str, str]


class EngineError(RuntimeError):
    """The engine cannot run; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen. Temperature 0 takes the likeliest."""

    temperature: float = 0.0
    top_p: float = 1.0


@dataclass(frozen=True)
class LogitsPenalty:
    """Lowers the logits by which a phase would begin to write one of `texts`, by `strength` (a negative one raises them).

    It holds for the first `duration` tokens of a thought, for ever when None. A thought begins with the phase, and anew with
    each of the texts that is written or forced nonetheless; each sample counts for itself. What is lowered is the token that
    completes the first letters of a text, at the beginning of a line or behind a blank, upper and lower case apart. A general
    hook for words that should be rarer: the thought-switching penalty (arXiv 2501.18585) is one use of it.
    """

    texts: tuple[str, ...]
    strength: float
    duration: int | None = None


@dataclass(frozen=True)
class Phase:
    """One stretch of a sample: forced opening, free or constrained text, an end.

    A sample runs through its phases in one decoding pass: no second prefill between thinking and answer. The model's
    context always reads opening, text, `stop`, next opening, with `stop` exactly once: the model's own, or forced when the
    limit, the end of text or the end of the grammar came first. `maximum_tokens` counts all but the opening: the stop's
    tokens and continuations too. Under a grammar neither `stop` nor `minimum_tokens` is looked at: the grammar ends the phase.
    `given` is text that the phase begins with, as if the model had written it: forced, but part of the phase's text.
    `minimum_tokens` with `continue_with` is budget forcing (s1, arXiv 2501.19393): a stop that comes too early is
    replaced by that text, at most `continue_times` times and while it fits the maximum, exact for each sample. Several
    texts are used in turn. With `repetition_limit`, forcing ends once that share of what followed the last continuation
    had been said before (see `repetition`). `penalties` are applied by the local engine; the scripted one has no logits.
    """

    name: Literal["thinking", "answer"]
    opening: str = ""
    maximum_tokens: int = 512
    stop: str = ""
    minimum_tokens: int = 0
    continue_with: str | tuple[str, ...] = "\nWait"
    continue_times: int = 8
    grammar: "Callable[[], GrammarSource] | None" = None
    sampling: Sampling | None = None
    given: str = ""
    repetition_limit: float | None = None
    penalties: tuple[LogitsPenalty, ...] = ()

    def continuation(self, times: int) -> str:
        """The text that replaces an early stop when `times` were replaced before; "" when there is none."""
        texts = (self.continue_with,) if isinstance(self.continue_with, str) else self.continue_with
        return texts[times % len(texts)] if texts else ""


class GrammarSource(Protocol):
    """A grammar as a sequence of llguidance grammars (Lark); the next may depend on the phase's text so far, None ends."""

    def next_grammar(self, text_so_far: str) -> str | None: ...


@dataclass(frozen=True)
class Request:
    """One prompt and the samples wanted from it. Sample i draws from its own stream, `seed + i`, whatever N is."""

    messages: Sequence[Message]
    phases: Sequence[Phase]
    samples: int = 1
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    adapter: str | None = None
    logprobs: bool = True


@dataclass(frozen=True)
class Chunk:
    """News of one sample: some text, or that a phase ended.

    finish: "stop" the phase's end was written, "length" its limit came, "continued" budget forcing went on, "repeated" it
    gave up because the text repeats itself (no text, no tokens; a "stop" follows); None while text runs. `last` marks the
    final chunk of a sample. Forced chunks that cost tokens are of three kinds: an opening (finish None; its tokens include a
    forced stop's, its text does not), the phase's `given` text behind it (finish None), and a continuation (finish "continued").
    A phase's written text is every chunk but its opening. `logprob` is the model's own, before temperature, penalty and grammar.
    The remote engine also gives: empty chunks, as signs of life; `tokens` below 0, where the server's count corrects ours;
    `prompt_tokens`, the server's count of the prompt; and a `warning` that a user of the result must read.
    """

    request: int
    sample: int
    phase: str
    text: str = ""
    tokens: int = 0
    forced: bool = False
    logprob: float | None = None
    finish: Literal["stop", "length", "continued", "repeated"] | None = None
    last: bool = False
    prompt_tokens: int | None = None
    warning: str = ""


class ModelCard(BaseModel):
    """What produced the tokens, in enough detail to explain the run years later.

    `sends_to` is the host that notes are sent to, "" when they stay in this process; `decoding` says what differs there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    revision: str = ""
    weights_sha256: str = ""
    quantization: str = "none"
    device: str = "cpu"
    parameters: int = 0
    context: int = 0
    adapters: dict[str, str] = {}
    prompt_family: str = "general"
    closed_vocabulary: bool = False
    demonstration: bool = False
    convention: str = "own"
    libraries: dict[str, str] = {}
    sends_to: str = ""
    decoding: str = ""


class Engine(Protocol):
    """Streams samples. Closing the iterator cancels within one step and frees the device."""

    @property
    def card(self) -> ModelCard: ...

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]: ...

    def count_tokens(self, text: str) -> int: ...

    def prompt_text(self, messages: Sequence[Message]) -> str: ...
