"""Drives one request through the engine and turns its chunks into events and finished samples."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
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
    """The samples of one request, complete or not, and all that they cost."""

    samples: tuple[SampleFinished, ...]
    usage: Usage
    cancelled: bool


@dataclass
class _Sample:
    """One sample as far as it has come. Token counts of a phase include forced tokens."""

    number: int
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
            yield Text(sample=self.number, phase=phase, text=text, tokens=chunk.tokens, forced=chunk.forced, logprob=chunk.logprob)
        if chunk.finish == "continued":
            yield BudgetForced(sample=self.number, action="continued", thinking_tokens=self.tokens["thinking"])
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


def draw(case: Case, knowledge: Knowledge, engine: Engine, request: Request) -> Generator[Event, None, Drawn]:
    """Stream one request: events as they happen, and at the end all its samples.

    The first sample carries the prompt's tokens, so that the samples' usages add up to the cost of the run, however it
    ends. Raises EngineError, after the samples so far have been told.
    """
    began = time.monotonic()
    prompt_tokens = 0
    openings = {phase.opening for phase in request.phases}
    samples = [_Sample(number) for number in range(request.samples)]
    finished: dict[int, SampleFinished] = {}
    failure: EngineError | None = None
    cancelled = False

    def tell(sample: _Sample) -> SampleFinished:
        event = sample.finished(case, knowledge, prompt_tokens if sample.number == 0 else 0)
        finished[sample.number] = event
        return event

    for sample in samples:
        yield SampleStarted(sample=sample.number, seed=request.seed + sample.number)
    try:
        with closing(cast(Generator[Chunk, None, None], engine.stream([request]))) as chunks:
            for chunk in chunks:
                # Somebody reads the events between two chunks; whatever is told must already be counted.
                prompt_tokens = prompt_tokens or engine.count_tokens(engine.prompt_text(request.messages))
                sample = samples[chunk.sample]
                sample.seconds = time.monotonic() - began
                yield from sample.take(chunk, openings)
                if sample.done:
                    yield tell(sample)
        if not all(sample.done for sample in samples):
            failure = EngineError("The engine stopped before the answer was complete. Run the case again.")
    except Interrupted:
        cancelled = True
    except EngineError as error:
        failure = error
    for sample in samples:
        if sample.number not in finished:
            yield tell(sample)
    if failure:
        raise failure
    ordered = tuple(finished[number] for number in sorted(finished))
    total = sum((sample.usage for sample in ordered), Usage())
    return Drawn(ordered, total.model_copy(update={"seconds": round(time.monotonic() - began, 3)}), cancelled)
