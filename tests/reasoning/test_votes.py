"""Votes that weigh, that stop early, that mix temperatures: their control flow in words."""

import pytest

from reasoning.engines.scripted import ScriptedEngine
from reasoning.events import Concluded, Finished, Posterior, SampleFinished, SampleStarted, Text, Usage, Voted, Weighed
from reasoning.report import fold, to_document
from reasoning.strategies import AdaptiveVote, Budget, MultiTemperature, Strategy, StrategyError, WeightedVote, build, run_strategy
from reasoning.strategies.adaptive_vote import stays_ahead
from reasoning.strategies.ballots import merge, tally
from reasoning.strategies.sampling import read_as_far_as_complete
from reasoning.strategies.weighted_vote import confidence, first_diagnosis, softmax
from tests.reasoning.strategy_examples import CASE, FIRST, SECOND, answer, card, reply, run

SURE = answer("Pneumothorax", "Pulmonary embolism", "Acute pericarditis", words=("very likely", "unlikely", "very unlikely"))
UNSURE = answer("Pulmonary embolism", "Pneumothorax", "Acute pericarditis", words=("possible", "possible", "unlikely"))


def of(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_the_posterior_of_two_counts_is_the_beta_tail_above_one_half() -> None:
    assert stays_ahead(0, 0) == 0.5
    assert stays_ahead(3, 3) == 0.5
    assert stays_ahead(3, 0) == 0.9375
    assert stays_ahead(4, 0) == 0.96875
    assert stays_ahead(5, 2) == pytest.approx(0.85546875)


def test_an_adaptive_vote_stops_when_its_leader_is_settled_and_says_how_many_it_took() -> None:
    engine = ScriptedEngine([reply()] * 12)
    events = run(AdaptiveVote(samples=12, batch=2, inner="cot"), engine, Budget(seed=5))
    assert [(p.samples, p.settled) for p in of(events, Posterior)] == [(2, False), (4, True)]
    assert [request.samples for request in engine.requests] == [2, 2]
    assert [event.seed for event in of(events, SampleStarted)] == [5, 6, 7, 8]
    assert of(events, Voted)[0].samples == 4
    concluded = of(events, Concluded)[0]
    assert any("after 4 of at most 12 samples" in warning for warning in concluded.warnings)
    assert concluded.differential.hypotheses[0].votes.samples == 4


def test_an_unsettled_vote_uses_all_its_samples_and_says_so() -> None:
    events = run(AdaptiveVote(samples=5, batch=2, inner="cot"), ScriptedEngine([reply(), reply(SECOND)] * 3))
    assert [p.samples for p in of(events, Posterior)] == [2, 4, 5]
    assert any("not settled by 5 of at most 5" in warning for warning in of(events, Concluded)[0].warnings)


def test_a_batch_is_counted_only_when_all_of_it_is_done() -> None:
    """The short chains of a batch end first; looking then would favour them."""
    long, short = reply(SECOND, "word " * 200), reply(FIRST, "So.")
    events = run(AdaptiveVote(samples=8, batch=4, inner="cot"), ScriptedEngine([long, short, short, short] * 2))
    looked = [i for i, event in enumerate(events) if isinstance(event, Posterior)]
    done = [i for i, event in enumerate(events) if isinstance(event, SampleFinished)]
    assert looked[0] > done[3]
    assert (of(events, Posterior)[0].first, of(events, Posterior)[0].second) == (3, 1)


def test_spoiled_ballots_cost_samples_but_settle_nothing() -> None:
    events = run(AdaptiveVote(samples=4, batch=2, inner="cot"), ScriptedEngine([reply("nonsense")] * 2 + [reply()] * 2))
    assert [(p.samples, p.leader is None) for p in of(events, Posterior)] == [(2, True), (4, False)]
    assert any("2 of 4 answers could not be read" in warning for warning in of(events, Concluded)[0].warnings)


def test_temperatures_are_dealt_out_in_one_batch_and_stand_in_the_record() -> None:
    engine = ScriptedEngine([reply()] * 5)
    events = run(MultiTemperature(samples=5, temperatures=(0.3, 0.9), inner="cot"), engine, Budget(seed=4))
    started = of(events, SampleStarted)
    assert [(s.sample, s.seed, s.temperature) for s in started] == [(0, 4, 0.3), (1, 5, 0.3), (2, 6, 0.3), (3, 7, 0.9), (4, 8, 0.9)]
    assert [(r.samples, r.sampling.temperature, r.phases[1].sampling.temperature) for r in engine.requests] == [(3, 0.3, 0), (2, 0.9, 0)]
    assert len(of(events, Voted)) == 1
    assert of(events, Voted)[0].samples == 5
    assert [row["temperature"] for row in to_document(fold(events), "x", card())["samples"]] == [0.3, 0.3, 0.3, 0.9, 0.9]
    prompts = [event.usage.prompt_tokens for event in of(events, SampleFinished)]
    assert sum(prompts) == engine.count_tokens(engine.prompt_text(engine.requests[0].messages)), "one prompt, read once"


def test_weights_can_put_one_sure_ballot_above_two_unsure_ones() -> None:
    engine = ScriptedEngine([reply(UNSURE), reply(SURE), reply(UNSURE)])
    vote = WeightedVote(samples=3, inner="cot", confidence="likelihood_word", softmax_temperature=0.2)
    events = run(vote, engine)
    weighed = of(events, Weighed)
    assert [round(w.confidence, 3) for w in weighed] == [0.45, 0.875, 0.45]
    assert sum(w.weight for w in weighed) == pytest.approx(1, abs=1e-5)
    rows = of(events, Voted)[0].rows
    assert (rows[0].diagnosis, rows[0].first) == ("Pneumothorax", 1)
    assert rows[0].weight == pytest.approx(weighed[1].weight, abs=1e-5)
    concluded = of(events, Concluded)[0]
    assert concluded.differential.hypotheses[0].diagnosis == "Pneumothorax"
    assert any("by plain count it would be Pulmonary embolism with 2 of 3 votes" in warning for warning in concluded.warnings)


def test_without_log_probabilities_all_ballots_weigh_the_same_and_this_is_told() -> None:
    events = run(WeightedVote(samples=2, inner="cot"), ScriptedEngine([reply(), reply(SECOND)]))
    assert [(w.confidence, w.weight) for w in of(events, Weighed)] == [(None, 0.5), (None, 0.5)]
    assert any("no log-probabilities" in warning for warning in of(events, Concluded)[0].warnings)


def test_a_spoiled_ballot_has_no_weight() -> None:
    engine = ScriptedEngine([reply("nonsense"), reply(SURE)])
    events = run(WeightedVote(samples=2, inner="cot", confidence="likelihood_word"), engine)
    assert [w.weight for w in of(events, Weighed)] == [0, 1]


def test_equal_weights_give_the_plain_vote() -> None:
    ballots = [read_as_far_as_complete(text) for text in (FIRST, SECOND, FIRST)]
    assert [row.diagnosis for row in tally(ballots, weights=[1, 1, 1])] == [row.diagnosis for row in tally(ballots)]
    assert merge(ballots, weights=[2, 2, 2]) == merge(ballots)
    assert [row.weight for row in tally(ballots, weights=[1, 1, 2])][:2] == [0.75, 0.25]


def test_softmax_of_confidences() -> None:
    assert softmax([None, None], 1) == [0.5, 0.5]
    assert softmax([0.5, None, 0.5], 0.1) == [0.5, 0, 0.5]
    cold, warm = softmax([0.9, 0.5], 0.1), softmax([0.9, 0.5], 10)
    assert cold[0] > 0.98
    assert warm[0] == pytest.approx(0.51, abs=0.001)


def test_confidence_in_the_diagnosis_looks_at_the_tokens_of_its_name_only() -> None:
    pieces = [
        Text(sample=0, phase=phase, text=text, tokens=1, logprob=logprob)
        for phase, text, logprob in [
            ("thinking", "Hm", -2.0),
            ("answer", "1", -9.0),
            ("answer", ". ", -9.0),
            ("answer", "Pulmonary", -0.5),
            ("answer", " embolism", -0.1),
            ("answer", " |", -9.0),
            ("answer", " leading", -9.0),
        ]
    ]
    assert [piece.text for piece in first_diagnosis(pieces)] == ["Pulmonary", " embolism"]
    sample = next(e for e in run(WeightedVote(samples=2, inner="cot"), ScriptedEngine([reply()] * 2)) if isinstance(e, SampleFinished))
    assert confidence("diagnosis_logprob", sample, pieces) == pytest.approx(2.718281828**-0.3)
    assert confidence("chain_logprob", sample, pieces) == pytest.approx(2.718281828**-2)


@pytest.mark.parametrize(
    "strategy",
    [AdaptiveVote(inner="cot", batch=3), MultiTemperature(samples=3, inner="cot"), WeightedVote(samples=3, inner="cot")],
    ids=lambda strategy: strategy.name,
)
@pytest.mark.parametrize("after", [1, 40])
def test_cancelling_counts_every_token_and_draws_no_conclusion(strategy: Strategy, after: int) -> None:
    engine, seen = ScriptedEngine([reply()] * 12), []

    def cancelled() -> bool:
        return sum(isinstance(event, Text) for event in seen) >= after

    for event in run_strategy(strategy, CASE, engine, Budget(), cancelled):
        seen.append(event)  # noqa: PERF402 `cancelled` reads the list meanwhile
    assert engine.cancelled == 1
    assert isinstance(seen[-1], Finished)
    assert seen[-1].cancelled
    assert not of(seen, Concluded)
    assert seen[-1].usage.generated_tokens == sum(event.tokens for event in of(seen, Text)) == after
    total = sum((event.usage for event in of(seen, SampleFinished)), Usage())
    assert total.prompt_tokens == seen[-1].usage.prompt_tokens > 0


def test_an_adaptive_vote_cancelled_in_its_second_batch_has_paid_for_the_first() -> None:
    engine, seen = ScriptedEngine([reply(), reply(SECOND)] * 6), []
    for event in run_strategy(AdaptiveVote(inner="cot"), CASE, engine, Budget(), lambda: len(of(seen, SampleStarted)) > 2):
        seen.append(event)  # noqa: PERF402
    assert seen[-1].cancelled
    assert {event.sample: event.finish for event in of(seen, SampleFinished)} == {0: "stop", 1: "stop", 2: "cancelled", 3: "cancelled"}
    assert seen[-1].usage.generated_tokens == sum(event.tokens for event in of(seen, Text))


def test_parameters_are_checked_and_may_be_typed() -> None:
    assert build("multi_temperature", temperatures="0.2/0.6", samples="4") == MultiTemperature(temperatures=(0.2, 0.6), samples=4)
    for name, parameters in (
        ("multi_temperature", {"samples": 2}),
        ("multi_temperature", {"temperatures": (0.0, 0.5)}),
        ("adaptive_vote", {"threshold": 1.0}),
        ("weighted_vote", {"confidence": "gut_feeling"}),
        ("weighted_vote", {"colour": "blue"}),
    ):
        with pytest.raises(StrategyError):
            build(name, **parameters)
