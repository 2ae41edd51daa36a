"""One case put to one arm: the run, folded into a record."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from cases.benchmarks import BenchmarkItem
from cases.knowledge import Knowledge
from reasoning.differential import Differential
from reasoning.engines.engine import Engine, EngineError
from reasoning.evaluation.choice_reading import read_choice
from reasoning.evaluation.suite.arms import Arm
from reasoning.evaluation.suite.choosing import can_be_shown_options, choose, first_option, most_chosen
from reasoning.evaluation.suite.judging import judge, rank_in, truth_of
from reasoning.evaluation.suite.record import Kind, Record, SampleRecord, TraceQuotation, Truth, Way
from reasoning.evaluation.trace_quotations import trace_quotations
from reasoning.events import Event, Text
from reasoning.report import RunResult, fold
from reasoning.strategies import run_strategy

BY_DIFFERENTIAL = "listed diagnosis"
BY_VOTE = "vote"
UNPARSED = "unparsed"
_SMALLEST_ANSWER = 32


class Stopped(Exception):
    """Somebody asked for the evaluation to end; the run under way is not recorded."""


def ask(engine: Engine, arm: Arm, item: BenchmarkItem, kind: Kind, knowledge: Knowledge, at_once: int = 1) -> Record:
    """The record of one case. Raises EngineError when the engine broke down, and Stopped; an unreadable answer is a result."""
    began, card = time.monotonic(), engine.card
    way: Way = "options shown" if kind == "options" and can_be_shown_options(arm.strategy, card) else "differential"
    events = _events(engine, arm, item, way, knowledge)
    marks: dict[int, int] = {}
    run = fold(_counting_marks(events, marks))
    if run.status == "cancelled":
        raise Stopped
    if _broke_down(run) and (run.started is None or not _too_long(engine, run.started.prompt)):
        raise EngineError(run.failure or "The engine stopped before the answer was complete. Go on with --resume.")
    assert run.started is not None
    truth = truth_of(item, kind)
    samples = _samples(run, truth, way, marks, knowledge)
    rank = rank_in(run.differential, truth, knowledge)
    listing = judge(run.differential, item, kind, rank, knowledge)
    said = [quote for sample in samples for quote in trace_quotations(sample.trace)]
    return Record(
        dataset=item.dataset,
        case=item.id,
        arm=arm.label,
        strategy=arm.strategy.name,
        parameters=arm.strategy.model_dump(mode="json"),
        budget=arm.budget,
        exactly=arm.exactly,
        seed=arm.budget.seed,
        model=card,
        adapter=run.started.adapter,
        tuned=run.started.tuned,
        way=way,
        prompt=run.started.prompt,
        prompt_sha256=run.started.prompt_sha256,
        samples=tuple(samples),
        differential=run.differential,
        truth=truth,
        rank=rank,
        **_chosen(run, samples, truth, way, knowledge),
        trace_quotations=tuple(TraceQuotation(quote=quote, found=quote in item.text) for quote in said),
        evidence=listing.evidence,
        cannot_miss=listing.cannot_miss,
        experts_listed=listing.experts_listed,
        listed_by_experts=listing.listed_by_experts,
        difficulty=item.difficulty,
        group=item.group,
        usage=run.usage,
        seconds=round(time.monotonic() - began, 3),
        at_once=at_once,
        warnings=run.warnings,
        failure=run.failure,
    )


def _events(engine: Engine, arm: Arm, item: BenchmarkItem, way: Way, knowledge: Knowledge) -> Iterator[Event]:
    if way == "options shown":
        return choose(arm.strategy, item, engine, arm.budget, knowledge)
    return run_strategy(arm.strategy, item.to_case(), engine, arm.budget)


def _counting_marks(events: Iterator[Event], marks: dict[int, int]) -> Iterator[Event]:
    """The events, and by sample the tokens of the thinking's opening mark: forced tokens whose text is no part of the trace."""
    for event in events:
        if isinstance(event, Text) and event.phase == "thinking" and event.forced and not event.text:
            marks[event.sample] = marks.get(event.sample, 0) + event.tokens
        yield event


def _samples(run: RunResult, truth: Truth, way: Way, marks: dict[int, int], knowledge: Knowledge) -> list[SampleRecord]:
    return [
        SampleRecord(
            seed=sample.seed,
            trace=sample.trace.text,
            answer=sample.answer,
            finish=sample.finish,
            differential=sample.differential,
            rank=rank_in(sample.differential, truth, knowledge),
            **_ballot(sample.answer, sample.differential, truth, way, knowledge),
            thinking_tokens=sample.usage.thinking_tokens,
            answer_tokens=sample.usage.answer_tokens,
            forced_tokens=sample.usage.forced_tokens,
            mark_tokens=marks.get(sample.number, 0),
            mean_logprob=sample.mean_logprob,
        )
        for sample in run.samples
    ]


def _ballot(answer: str, differential: Differential | None, truth: Truth, way: Way, knowledge: Knowledge) -> dict[str, Any]:
    """The choice of one chain and the rule that read it; nothing where there are no options."""
    if truth.kind != "options":
        return {}
    if way == "options shown":
        read = read_choice(answer, truth.options)
        return {"choice": read.letter, "read_by": read.rule}
    letter = first_option(differential, truth.options, knowledge)
    return {"choice": letter, "read_by": BY_DIFFERENTIAL if letter else UNPARSED}


def _chosen(run: RunResult, samples: Sequence[SampleRecord], truth: Truth, way: Way, knowledge: Knowledge) -> dict[str, Any]:
    """What the run as a whole answers, and whether that could be read."""
    if truth.kind != "options":
        return {"readable": run.differential is not None}
    if way == "differential":
        ballot = _ballot("", run.differential, truth, way, knowledge)
    elif len(samples) == 1:
        ballot = {"choice": samples[0].choice, "read_by": samples[0].read_by}
    else:
        letter, votes = most_chosen([sample.choice for sample in samples])
        ballot = {"choice": letter, "choice_votes": votes, "read_by": BY_VOTE if letter else UNPARSED}
    return {**ballot, "readable": ballot["choice"] is not None}


def _broke_down(run: RunResult) -> bool:
    """Whether the engine, and not the answer, is why there is no result."""
    return run.status == "interrupted" or (run.status == "failed" and not any(sample.finish != "cancelled" for sample in run.samples))


def _too_long(engine: Engine, prompt: str) -> bool:
    """Whether the case alone leaves no room for an answer: a fault of this case on this model, recorded as an unreadable answer."""
    return bool(engine.card.context) and engine.count_tokens(prompt) + _SMALLEST_ANSWER > engine.card.context
