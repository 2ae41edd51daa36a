"""Each further strategy once on the model that ships, with little to spend: it runs, it concludes, it says what it did."""

import pytest

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine
from reasoning.events import Asked, Concluded, Finished, Posterior, SampleFinished, Started, Text, Weighed, event_adapter
from reasoning.presets import load_engine
from reasoning.report import fold
from reasoning.strategies import Budget, build, rebuild, run_strategy

CASE = generate_case(3, "heldout").case
BUDGET = Budget(thinking_tokens=32, answer_tokens=120)
KNOWN = {condition.name for condition in load_knowledge().conditions.values()}
SMALL: dict[str, dict[str, object]] = {
    "chain_of_draft": {},
    "adaptive_vote": {"samples": 2, "inner": "chain_of_draft"},
    "multi_temperature": {"samples": 2, "temperatures": (0.3, 0.9), "inner": "cot"},
    "weighted_vote": {"samples": 2, "inner": "cot", "confidence": "diagnosis_logprob"},
    "budget_forcing": {"minimum": 32, "inner": "cot"},
    "thought_switching_penalty": {"inner": "longmonolog"},
    "challenger": {"inner": "cot"},
    "discriminating_finding": {"inner": "cot"},
    "think_twice": {"inner": "cot"},
}
TOLD = {"adaptive_vote": (Posterior,), "weighted_vote": (Weighed,), "challenger": (Asked,), "think_twice": (Asked,)}
REVISED = ("challenger", "discriminating_finding", "think_twice")


@pytest.fixture(scope="module")
def demonstration() -> Engine:
    return load_engine("demo")


@pytest.mark.parametrize("name", SMALL)
def test_it_runs_on_the_demonstration_model(demonstration: Engine, name: str) -> None:
    strategy = build(name, **SMALL[name])
    events = list(run_strategy(strategy, CASE, demonstration, BUDGET))
    assert [event_adapter.validate_json(event.model_dump_json()) for event in events] == events
    started = events[0]
    assert isinstance(started, Started)
    assert rebuild(started) == (strategy, BUDGET)
    result = fold(events)
    assert result.status == "concluded", result.failure
    assert {h.diagnosis for h in result.differential.hypotheses} <= KNOWN
    assert all(q.verified for h in result.differential.hypotheses for q in (*h.supporting, *h.refuting))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.usage.generated_tokens == sum(event.tokens for event in events if isinstance(event, Text))
    for sample in (event for event in events if isinstance(event, SampleFinished)):
        assert sample.usage.thinking_tokens <= 32 + sum(demonstration.count_tokens(tag) for tag in ("<think>\n",))
        assert sample.usage.answer_tokens <= 120 + demonstration.count_tokens("</think>\n<answer>\n")
    assert all(any(isinstance(event, told) for event in events) for told in TOLD.get(name, ()))
    weighed = [event.confidence for event in events if isinstance(event, Weighed)]
    assert all(confidence is None or 0 < confidence <= 1 for confidence in weighed)
    honest = " ".join(started.warnings)
    assert ("demonstration model cannot be asked" in honest) == (name in REVISED)
    assert ("knows no task of drafting" in honest) == (name in ("chain_of_draft", "adaptive_vote"))
    assert next(event for event in events if isinstance(event, Concluded)).differential == result.differential
