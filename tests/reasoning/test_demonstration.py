"""The model that ships: small enough, really in four bits, honest about itself, and able to run every strategy."""

import json
from collections.abc import Iterator
from pathlib import Path

import bitsandbytes as bnb
import pytest

import reasoning
from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.engines.local import LocalEngine
from reasoning.evaluation.evaluate import evaluate, generated_cases
from reasoning.events import BudgetForced, Concluded, Event, Finished, SampleFinished, Started, Voted
from reasoning.presets import load_engine
from reasoning.strategies import Budget, build, run_strategy

FOLDER = Path(reasoning.__file__).parent / "demonstration"
CASE = generate_case(3, "heldout").case
KNOWN = {condition.name for condition in load_knowledge().conditions.values()}


@pytest.fixture(scope="module")
def demonstration() -> LocalEngine:
    engine = load_engine("demo")
    assert isinstance(engine, LocalEngine)
    return engine


def run(engine: LocalEngine, name: str, budget: Budget | None = None, **parameters: object) -> list[Event]:
    return list(run_strategy(build(name, **parameters), CASE, engine, budget or Budget()))


def of(events: list[Event], kind: type) -> Iterator:
    return (event for event in events if isinstance(event, kind))


def test_what_ships_is_small() -> None:
    assert (FOLDER / "base" / "model.safetensors").stat().st_size <= 40e6
    for adapter in ("longstep", "longmonolog"):
        assert (FOLDER / adapter / "adapter_model.safetensors").stat().st_size <= 5e6


def test_its_card_says_what_it_is_and_gives_measured_figures() -> None:
    card = (FOLDER / "README.md").read_text("utf-8")
    assert "Not a medical model" in card
    figures = json.loads((FOLDER / "figures.json").read_text("utf-8"))
    named = {row["strategy"] for row in figures["heldout"]}
    assert {"vanilla", "cot", "longstep", "longmonolog", "majority_vote", "naive Bayes over matched phrases"} <= named
    assert all(f"{100 * row['top1']:.1f}" in card for row in figures["heldout"])
    assert card.count("Against naive Bayes over matched phrases") == len(figures)


def test_it_runs_in_four_bits_with_double_quantisation(demonstration: LocalEngine) -> None:
    layers = [m for m in demonstration._loaded.model.modules() if isinstance(m, bnb.nn.Linear4bit)]
    assert layers
    assert all(layer.weight.quant_type == "nf4" and layer.weight.quant_state.nested for layer in layers)
    assert demonstration.card.demonstration
    assert "nf4" in demonstration.card.quantization


@pytest.mark.parametrize("name", ["vanilla", "cot", "longstep", "longmonolog"])
def test_every_chain_gives_a_differential_of_known_conditions_with_verified_evidence(demonstration: LocalEngine, name: str) -> None:
    events = run(demonstration, name)
    (concluded,) = of(events, Concluded)
    hypotheses = concluded.differential.hypotheses
    assert 3 <= len(hypotheses) <= 8
    assert [h.rank for h in hypotheses] == list(range(1, len(hypotheses) + 1))
    assert len({h.diagnosis for h in hypotheses}) == len(hypotheses)
    assert {h.diagnosis for h in hypotheses} <= KNOWN
    assert all(h.icd10 for h in hypotheses)
    quotations = [q for h in hypotheses for q in (*h.supporting, *h.refuting)]
    assert all(q.verified and CASE.text[q.start : q.end] == q.quote for q in quotations)


@pytest.mark.parametrize("name", ["longstep", "longmonolog"])
def test_tuned_strategies_use_their_adapter_and_say_so(demonstration: LocalEngine, name: str) -> None:
    (started,) = of(run(demonstration, name, Budget(thinking_tokens=32)), Started)
    assert started.tuned
    assert started.adapter == name


def test_a_vote_keeps_every_trace_and_shows_its_n(demonstration: LocalEngine) -> None:
    events = run(demonstration, "majority_vote", samples=3, inner="cot")
    assert len(list(of(events, SampleFinished))) == 3
    (voted,) = of(events, Voted)
    assert voted.samples == 3
    assert sum(row.first for row in voted.rows) == 3
    (finished,) = of(events, Finished)
    assert finished.usage.answer_tokens == sum(s.usage.answer_tokens for s in of(events, SampleFinished))


def test_the_same_seed_gives_the_same_samples(demonstration: LocalEngine) -> None:
    budget = Budget(seed=11, temperature=0.8, thinking_tokens=48)
    first, second = (next(of(run(demonstration, "cot", budget), SampleFinished)) for _ in range(2))
    assert first.trace == second.trace


def test_a_thinking_budget_closes_the_thinking_and_asks_for_the_answer(demonstration: LocalEngine) -> None:
    events = run(demonstration, "longstep", Budget(thinking_tokens=24))
    (forced,) = of(events, BudgetForced)
    assert forced.action == "closed"
    assert next(of(events, Concluded)).differential.hypotheses


def test_it_is_far_better_than_chance_on_cases_it_never_saw(demonstration: LocalEngine) -> None:
    figures = evaluate(demonstration, build("vanilla"), generated_cases(24)).summary()
    assert figures["unreadable"] == 0
    assert figures["evidence_verbatim"] == 1.0
    assert figures["top3"] >= 0.25, "chance is 3 of 145"
