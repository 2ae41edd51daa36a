"""Drives requests through the engine and turns their chunks into events and finished samples."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.answer import AnswerError, read_answer
from reasoning.differential import Differential
from reasoning.engines.engine import Chunk, Engine, EngineError, Request
from reasoning.events import BudgetForced, Event, Finish, SampleFinished, SampleStarted, Text, Usage
from reasoning.evidence import check
from reasoning.trace_steps import cut


class Interrupted(Exception):
    """Somebody asked for the run to end; raised out of an engine's stream, which is closed by then."""


@dataclass(frozen=True)
class Drawn:
    """The samples of a draw, complete or not, and all that they cost. `pieces` are each sample's texts as they came."""

    samples: tuple[SampleFinished, ...]
    usage: Usage
    cancelled: bool
    pieces: tuple[tuple[Text, ...], ...] = ()


@dataclass
class _Sample:
    """One sample as far as it has come. Token counts of a phase include forced tokens."""

    number: int
    pieces: list[Text] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=lambda: {"thinking": "", "answer": ""})
    tokens: dict[str, int] = field(default_factory=lambda: {"thinking": 0, "answer": 0})
    forced: int = 0
    logprobs: float = 0.0
    chosen: int = 0
    seconds: float = 0.0
    finish: Finish = "cancelled"
    done: bool = False

    def take(self, chunk: Chunk, openings: set[str]) -> Iterator[Event]:
        """Count a chunk and tell what it means."""
        phase = cast(Any, chunk.phase)
        # Tags are for the parser: their tokens are counted, their text is neither reasoning nor answer.
        tag = chunk.forced and not self.texts[phase] and chunk.text in openings
        text = "" if tag else chunk.text
        self.texts[phase] += text
        self.tokens[phase] += chunk.tokens
        if chunk.forced:
            self.forced += chunk.tokens
        elif chunk.logprob is not None:
            self.logprobs += chunk.logprob
            self.chosen += chunk.tokens
        if text or chunk.tokens:
            piece = Text(sample=self.number, phase=phase, text=text, tokens=chunk.tokens, forced=chunk.forced, logprob=chunk.logprob)
            self.pieces.append(piece)
            yield piece
        if chunk.finish == "continued" or chunk.finish == "repeated":
            yield BudgetForced(sample=self.number, action=chunk.finish, thinking_tokens=self.tokens["thinking"])
        elif chunk.finish == "length" and phase == "thinking":
            yield BudgetForced(sample=self.number, action="closed", thinking_tokens=self.tokens["thinking"])
        if chunk.last:
            self.done = True
            self.finish = "length" if chunk.finish == "length" else "stop"

    def finished(self, case: Case, knowledge: Knowledge, prompt_tokens: int) -> SampleFinished:
        """The sample as an event, its answer read and checked."""
        differential = read_as_far_as_complete(self.texts["answer"], whole=self.finish == "stop")
        return SampleFinished(
            sample=self.number,
            trace=cut(self.texts["thinking"]),
            answer=self.texts["answer"],
            differential=check(differential, case, knowledge) if differential else None,
            finish=self.finish,
            usage=Usage(
                prompt_tokens=prompt_tokens,
                thinking_tokens=self.tokens["thinking"],
                answer_tokens=self.tokens["answer"],
                forced_tokens=self.forced,
                seconds=round(self.seconds, 3),
            ),
            mean_logprob=self.logprobs / self.chosen if self.chosen else None,
        )


def read_as_far_as_complete(answer: str, whole: bool = True) -> Differential | None:
    """The differential of an answer; of one that was cut off, its complete hypotheses. None when there is none."""
    if not whole:
        *_, end = (-1, *(place for place in _line_ends(answer, "missing: ")))
        tail = answer[end:] if end > 0 else ""
        answer = answer[: max(end, 0)] + ("" if tail.lstrip()[:1].isdigit() else tail[: tail.rfind("\n") + 1])
    try:
        return read_answer(answer)
    except AnswerError:
        return None


def _line_ends(text: str, label: str) -> Iterator[int]:
    place = 0
    for line in text.splitlines(keepends=True):
        place += len(line)
        if line.startswith(label) and line.endswith("\n"):
            yield place


def draw(
    case: Case, knowledge: Knowledge, engine: Engine, *requests: Request, first: int = 0, role: str = ""
) -> Generator[Event, None, Drawn]:
    """Stream requests side by side: events as they happen, and at the end all their samples, numbered on from `first`.

    Each prompt is read once, and the first sample of it carries its tokens, so that the samples' usages add up to the cost of
    the run, however it ends. Raises EngineError, after the samples so far have been told.
    """
    began = time.monotonic()
    samples = _numbered(requests, first)
    # A prompt is read once for all samples that share it and its adapter; the first of them carries its tokens.
    prompts = [(engine.prompt_text(request.messages), request.adapter) for request in requests]
    carriers = [prompts.index(prompt) for prompt in prompts]
    paid = [0] * len(requests)
    finished: dict[int, SampleFinished] = {}
    failure: EngineError | None = None
    cancelled = False

    def tell(request: int, place: int) -> SampleFinished:
        sample = samples[request][place]
        event = sample.finished(case, knowledge, paid[request] if place == 0 else 0)
        finished[sample.number] = event
        return event

    for request, row in zip(requests, samples, strict=True):
        for place, sample in enumerate(row):
            yield SampleStarted(sample=sample.number, seed=request.seed + place, temperature=request.sampling.temperature, role=role)
    openings = [{phase.opening for phase in request.phases} for request in requests]
    try:
        with closing(cast(Generator[Chunk, None, None], engine.stream(requests))) as chunks:
            for chunk in chunks:
                # Somebody reads the events between two chunks; whatever is told must already be counted.
                carrier = carriers[chunk.request]
                paid[carrier] = chunk.prompt_tokens or paid[carrier] or engine.count_tokens(prompts[carrier][0])
                sample = samples[chunk.request][chunk.sample]
                sample.seconds = time.monotonic() - began
                yield from sample.take(chunk, openings[chunk.request])
                if sample.done:
                    yield tell(chunk.request, chunk.sample)
        if not all(sample.done for row in samples for sample in row):
            failure = EngineError("The engine stopped before the answer was complete. Run the case again.")
    except Interrupted:
        cancelled = True
    except EngineError as error:
        failure = error
    for number, row in enumerate(samples):
        for place, sample in enumerate(row):
            if sample.number not in finished:
                yield tell(number, place)
    if failure:
        raise failure
    ordered = tuple(finished[number] for number in sorted(finished))
    total = sum((sample.usage for sample in ordered), Usage())
    usage = total.model_copy(update={"seconds": round(time.monotonic() - began, 3)})
    return Drawn(ordered, usage, cancelled, tuple(tuple(sample.pieces) for row in samples for sample in row))


def _numbered(requests: Sequence[Request], first: int) -> list[list[_Sample]]:
    """The samples of each request, numbered through."""
    numbers = count(first)
    return [[_Sample(next(numbers)) for _ in range(request.samples)] for request in requests]
