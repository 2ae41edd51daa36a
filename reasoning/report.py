"""Folds the events of a run into one object, and that object into the document that files and programs read."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from reasoning.differential import Differential, Hypothesis, Quotation
from reasoning.engines.engine import ModelCard
from reasoning.events import BudgetForced, Concluded, Event, Failed, Finished, SampleFinished, SampleStarted, Started, Text, Usage, Voted
from reasoning.trace import Trace
from reasoning.trace_steps import cut


@dataclass(frozen=True)
class SampleResult:
    """One sample as far as its events tell. `finish` is "interrupted" when the events end before the sample does."""

    number: int
    seed: int = 0
    trace: Trace = field(default_factory=lambda: Trace(text="", steps=()))
    answer: str = ""
    differential: Differential | None = None
    finish: str = "interrupted"
    usage: Usage = field(default_factory=Usage)
    mean_logprob: float | None = None
    forced: tuple[BudgetForced, ...] = ()
    temperature: float | None = None
    role: str = ""


@dataclass(frozen=True)
class RunResult:
    """A run in one piece. `status` is concluded, cancelled, failed, or interrupted (the events just end)."""

    status: str
    started: Started | None
    samples: tuple[SampleResult, ...]
    differential: Differential | None
    voted: Voted | None
    usage: Usage
    warnings: tuple[str, ...]
    failure: str | None = None


def fold(events: Iterable[Event]) -> RunResult:
    """The run that these events tell, complete or broken off anywhere."""
    started: Started | None = None
    voted: Voted | None = None
    concluded: Concluded | None = None
    finished: Finished | None = None
    failure: str | None = None
    begun: dict[int, SampleStarted] = {}
    texts: dict[tuple[int, str], list[Text]] = {}
    forced: dict[int, list[BudgetForced]] = {}
    done: dict[int, SampleFinished] = {}
    for event in events:
        match event:
            case Started():
                started = event
            case SampleStarted():
                begun[event.sample] = event
            case Text():
                texts.setdefault((event.sample, event.phase), []).append(event)
            case BudgetForced():
                forced.setdefault(event.sample, []).append(event)
            case SampleFinished():
                done[event.sample] = event
            case Voted():
                voted = event
            case Concluded():
                concluded = event
            case Finished():
                finished = event
            case Failed():
                failure = event.message
    samples = tuple(
        _sample_result(begun.get(number), done.get(number), number, texts, tuple(forced.get(number, ())))
        for number in sorted({*begun, *done})
    )
    status = "failed" if failure else "interrupted" if finished is None else "cancelled" if finished.cancelled else "concluded"
    return RunResult(
        status=status,
        started=started,
        samples=samples,
        differential=concluded.differential if concluded else None,
        voted=voted,
        usage=finished.usage if finished else sum((sample.usage for sample in samples), Usage()),
        warnings=(*(started.warnings if started else ()), *(concluded.warnings if concluded else ())),
        failure=failure,
    )


def _sample_result(
    begun: SampleStarted | None,
    done: SampleFinished | None,
    number: int,
    texts: dict[tuple[int, str], list[Text]],
    forced: tuple[BudgetForced, ...],
) -> SampleResult:
    begun = begun or SampleStarted(sample=number, seed=0)
    result = _complete(done) if done else _broken_off(number, texts)
    return replace(result, seed=begun.seed, temperature=begun.temperature, role=begun.role, forced=forced)


def _complete(event: SampleFinished) -> SampleResult:
    return SampleResult(
        event.sample,
        trace=event.trace,
        answer=event.answer,
        differential=event.differential,
        finish=event.finish,
        usage=event.usage,
        mean_logprob=event.mean_logprob,
    )


def _broken_off(number: int, texts: dict[tuple[int, str], list[Text]]) -> SampleResult:
    thinking, answer = texts.get((number, "thinking"), []), texts.get((number, "answer"), [])
    usage = Usage(
        thinking_tokens=sum(text.tokens for text in thinking),
        answer_tokens=sum(text.tokens for text in answer),
        forced_tokens=sum(text.tokens for text in (*thinking, *answer) if text.forced),
    )
    trace = cut("".join(text.text for text in thinking))
    return SampleResult(number, trace=trace, answer="".join(text.text for text in answer), usage=usage)


def to_document(result: RunResult, run_id: str, card: ModelCard) -> dict[str, Any]:
    """The run as plain data: one shape for files, programs and exports."""
    started = result.started
    return {
        "run_id": run_id,
        "status": result.status,
        "strategy": started.strategy if started else None,
        "parameters": started.parameters if started else {},
        "tuned": started.tuned if started else False,
        "prompt_sha256": started.prompt_sha256 if started else None,
        "model": {
            "id": card.id,
            "quantization": card.quantization,
            "adapter": started.adapter if started else None,
            "device": card.device,
            "revision": card.revision,
            "weights_sha256": card.weights_sha256,
            "adapter_sha256": card.adapters.get(started.adapter) if started and started.adapter else None,
            "libraries": card.libraries,
        },
        "usage": result.usage.model_dump(),
        "differential": _differential(result.differential),
        "votes": [row.model_dump() for row in result.voted.rows] if result.voted else [],
        "samples": [_sample(sample) for sample in result.samples],
        "warnings": list(result.warnings),
        "failure": result.failure,
    }


def _differential(differential: Differential | None) -> dict[str, Any] | None:
    if differential is None:
        return None
    return {
        "hypotheses": [_hypothesis(h) for h in differential.hypotheses],
        "unexplained": [_quotation(q) for q in differential.unexplained],
        "next_step": differential.next_step,
    }


def _hypothesis(hypothesis: Hypothesis) -> dict[str, Any]:
    return {
        "rank": hypothesis.rank,
        "diagnosis": hypothesis.diagnosis,
        "status": hypothesis.status.value,
        "likelihood": hypothesis.likelihood.value,
        "likelihood_source": hypothesis.likelihood_source,
        "band": list(hypothesis.likelihood.band),
        "votes": hypothesis.votes.model_dump() if hypothesis.votes else None,
        "cannot_miss": hypothesis.cannot_miss,
        "cannot_miss_source": hypothesis.cannot_miss_source,
        "icd10": hypothesis.icd10,
        "supporting": [_quotation(q) for q in hypothesis.supporting],
        "refuting": [_quotation(q) for q in hypothesis.refuting],
        "missing": list(hypothesis.missing),
        "settling_test": hypothesis.settling_test,
    }


def _quotation(quotation: Quotation) -> dict[str, Any]:
    return {
        "quote": quotation.quote,
        "start": quotation.start,
        "end": quotation.end,
        "verified": quotation.verified,
        "match": quotation.match,
    }


def _sample(sample: SampleResult) -> dict[str, Any]:
    return {
        "sample": sample.number,
        "seed": sample.seed,
        "temperature": sample.temperature,
        "role": sample.role,
        "trace": {"text": sample.trace.text, "steps": [{"kind": step.kind.value, "text": step.text} for step in sample.trace.steps]},
        "answer": sample.answer,
        "differential": _differential(sample.differential),
        "finish": sample.finish,
        "thinking_closed": any(event.action == "closed" for event in sample.forced),
        "continued": sum(event.action == "continued" for event in sample.forced),
        "usage": sample.usage.model_dump(),
        "mean_logprob": sample.mean_logprob,
    }
