import json
from collections.abc import Iterator, Sequence

import pytest

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.answer import write_answer
from reasoning.answer_grammar import AnswerGrammar
from reasoning.differential import Differential, Likelihood
from reasoning.engines.engine import Chunk, EngineError, Request
from reasoning.engines.local import LocalEngine
from reasoning.engines.scripted import ScriptedEngine
from reasoning.events import (
    BudgetForced,
    Concluded,
    Failed,
    Finished,
    SampleFinished,
    SampleStarted,
    Started,
    Text,
    Usage,
    Voted,
)
from reasoning.report import fold, to_document
from reasoning.strategies import (
    Budget,
    LongMonolog,
    MajorityVote,
    Strategy,
    StrategyError,
    Vanilla,
    build,
    kind,
    names,
    rebuild,
    run_strategy,
)
from reasoning.strategies.sampling import read_as_far_as_complete
from reasoning.training.weighing import differential, weigh
from tests.reasoning.strategy_examples import CASE, FIRST, SECOND, THOUGHT, card, reply, run

SINGLE = ["vanilla", "cot", "longstep", "longmonolog"]


@pytest.mark.parametrize("name", SINGLE)
def test_a_chain_tells_its_whole_story(name: str) -> None:
    engine = ScriptedEngine([reply() if name != "vanilla" else reply()[1:]])
    events = run(build(name), engine)
    kinds = [event.kind for event in events]
    assert kinds[:2] == ["started", "sample_started"]
    assert kinds[-3:] == ["sample_finished", "concluded", "finished"]
    assert set(kinds[2:-3]) == {"text"}
    finished = next(e for e in events if isinstance(e, SampleFinished))
    assert finished.answer == FIRST
    assert finished.trace.text == ("" if name == "vanilla" else THOUGHT)
    assert "".join(e.text for e in events if isinstance(e, Text) and e.phase == "thinking") == finished.trace.text
    request = engine.requests[0]
    assert [phase.opening for phase in request.phases] == (["<answer>\n"] if name == "vanilla" else ["<think>\n", "\n<answer>\n"])
    assert [phase.stop for phase in request.phases] == (["</answer>"] if name == "vanilla" else ["</think>", "</answer>"])
    assert request.sampling.temperature == 0
    assert isinstance(request.phases[-1].grammar(), AnswerGrammar)
    concluded = next(e for e in events if isinstance(e, Concluded))
    assert [h.diagnosis for h in concluded.differential.hypotheses] == ["Pulmonary embolism", "Pneumothorax", "Acute pericarditis"]
    assert all(q.verified for h in concluded.differential.hypotheses for q in h.supporting)


def test_every_token_is_counted() -> None:
    engine = ScriptedEngine([reply(), reply(SECOND), reply()])
    events = run(MajorityVote(samples=3), engine)
    total = events[-1].usage
    texts = [e for e in events if isinstance(e, Text)]
    assert total.generated_tokens == sum(e.tokens for e in texts)
    assert total.forced_tokens == sum(e.tokens for e in texts if e.forced) > 0
    samples = [e.usage for e in events if isinstance(e, SampleFinished)]
    assert sum(samples, Usage()).model_copy(update={"seconds": 0}) == total.model_copy(update={"seconds": 0})
    assert total.prompt_tokens == engine.count_tokens(engine.prompt_text(engine.requests[0].messages))


def test_a_vote_is_one_request() -> None:
    engine = ScriptedEngine([reply(SECOND), reply(), reply(), reply(), reply()])
    events = run(MajorityVote(inner="longstep"), engine, Budget(seed=7))
    assert len(engine.requests) == 1
    request = engine.requests[0]
    assert (request.samples, request.seed, request.sampling.temperature, request.phases[1].sampling.temperature) == (5, 7, 0.7, 0)
    assert [e.seed for e in events if isinstance(e, SampleStarted)] == [7, 8, 9, 10, 11]
    voted = next(e for e in events if isinstance(e, Voted))
    assert [(row.diagnosis, row.first, row.listed) for row in voted.rows][:2] == [("Pulmonary embolism", 4, 5), ("Pneumothorax", 1, 5)]
    concluded = next(e for e in events if isinstance(e, Concluded))
    top = concluded.differential.hypotheses[0]
    assert (top.votes.first, top.votes.samples, top.likelihood_source, top.likelihood) == (4, 5, "vote share", Likelihood.likely)


def test_spoiled_ballots_are_counted_and_told() -> None:
    events = run(MajorityVote(samples=3), ScriptedEngine([reply("nonsense"), reply(), reply()]))
    assert next(e for e in events if isinstance(e, Voted)).samples == 3
    concluded = next(e for e in events if isinstance(e, Concluded))
    assert concluded.differential.hypotheses[0].votes.samples == 3
    assert any("1 of 3" in warning and "spoiled" in warning for warning in concluded.warnings)


@pytest.mark.parametrize("strategy", [LongMonolog(), MajorityVote(samples=2)])
def test_nothing_readable_fails_in_a_sentence(strategy: Strategy) -> None:
    events = run(strategy, ScriptedEngine([reply("nonsense")] * 2))
    assert isinstance(events[-1], Failed)
    assert events[-1].message.endswith("choose another model.")
    assert fold(events).status == "failed"
    assert fold(events).usage.generated_tokens > 0


def test_limits_are_told() -> None:
    events = run(LongMonolog(), ScriptedEngine([reply(thought="word " * 100)]), Budget(thinking_tokens=20))
    forced = next(e for e in events if isinstance(e, BudgetForced))
    assert forced.action == "closed"
    assert isinstance(events[-1], Finished)
    events = run(Vanilla(), ScriptedEngine([[FIRST * 3]]), Budget(answer_tokens=64))
    assert next(e for e in events if isinstance(e, SampleFinished)).finish == "length"
    assert any("answer limit" in w for w in next(e for e in events if isinstance(e, Concluded)).warnings)


def test_wait_goes_into_the_trace() -> None:
    engine = ScriptedEngine([["Short.</think> I go on.</think>", f"{FIRST}</answer>"]])
    events = run(LongMonolog(), engine, Budget(minimum_thinking_tokens=10, continue_times=1))
    assert [e.action for e in events if isinstance(e, BudgetForced)] == ["continued"]
    finished = next(e for e in events if isinstance(e, SampleFinished))
    assert finished.trace.text == "Short.\nWait I go on."


def test_a_cut_answer_keeps_its_complete_hypotheses() -> None:
    for end in range(len(FIRST)):
        found = read_as_far_as_complete(FIRST[:end], whole=False)
        complete = FIRST[:end].count("missing: D-dimer\n")
        assert (len(found.hypotheses) if found else 0) == complete
    assert read_as_far_as_complete(FIRST, whole=False) == read_as_far_as_complete(FIRST)


@pytest.mark.parametrize("after", [0, 1, 3, 20, 60])
def test_cancelling_closes_the_engine_and_tells_what_there_was(after: int) -> None:
    engine = ScriptedEngine([reply()] * 3)
    seen: list = []

    def cancelled() -> bool:
        return sum(isinstance(e, Text) for e in seen) >= after

    for event in run_strategy(MajorityVote(samples=3), CASE, engine, Budget(), cancelled):
        seen.append(event)  # noqa: PERF402 `cancelled` reads the list meanwhile
    assert engine.cancelled == (1 if after else 0)
    texts = [e for e in seen if isinstance(e, Text)]
    assert len(texts) == after
    finished = [e for e in seen if isinstance(e, SampleFinished)]
    assert [e.sample for e in finished] == [0, 1, 2]
    assert {e.finish for e in finished} == {"cancelled"}
    assert isinstance(seen[-1], Finished)
    assert seen[-1].cancelled
    assert seen[-1].usage.generated_tokens == sum(e.tokens for e in texts)
    assert (seen[-1].usage.prompt_tokens > 0) == (after > 0)
    assert not any(isinstance(e, Concluded | Voted) for e in seen)
    assert fold(seen).status == "cancelled"


def test_closing_the_generator_closes_the_engine() -> None:
    engine = ScriptedEngine([reply()])
    events = run_strategy(LongMonolog(), CASE, engine, Budget())
    for _ in range(5):
        next(events)
    events.close()
    assert engine.cancelled == 1


def test_engine_errors_become_a_message() -> None:
    class Breaking(ScriptedEngine):
        def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
            for count, chunk in enumerate(super().stream(requests)):
                if count == 4:
                    raise EngineError("The device is gone; plug it in.")
                yield chunk

    events = run(LongMonolog(), Breaking([reply()]))
    assert isinstance(events[-2], SampleFinished)
    assert events[-1] == Failed(message="The device is gone; plug it in.")
    assert fold(events).usage.thinking_tokens > 0


def test_adapters_and_honest_warnings() -> None:
    def warnings(name: str, **more: object) -> tuple[Started, str]:
        started = run(build(name), ScriptedEngine([reply()], card=card(**more)))[0]
        assert isinstance(started, Started)
        return started, " ".join(started.warnings)

    started, text = warnings("longstep", adapters={"longstep": "ab"}, parameters=32_000_000_000)
    assert (started.adapter, started.tuned, text) == ("longstep", True, "")
    started, text = warnings("longmonolog", adapters={"longstep": "ab"}, parameters=7_000_000_000)
    assert (started.adapter, started.tuned) == (None, False)
    assert "runs as prompted" in text
    assert "7 billion" in text
    assert "−1.6" in text
    assert warnings("cot", parameters=32_000_000_000)[1] == ""
    assert "7 billion" in warnings("cot", parameters=7_000_000_000)[1]
    assert "leaves room" in warnings("cot", context=1500)[1]
    demonstration = run(
        Vanilla(), ScriptedEngine([reply()[1:]], card=card(demonstration=True, prompt_family="demonstration", parameters=15_000_000))
    )[0]
    assert demonstration.prompt.endswith(f"Case: {CASE.text}\nTask: vanilla")
    assert not any("billion" in w for w in demonstration.warnings)


def test_closed_vocabulary_makes_a_grammar_of_the_knowledge_base() -> None:
    engine = ScriptedEngine([reply()], card=card(closed_vocabulary=True))
    run(LongMonolog(), engine)
    grammar = engine.requests[0].phases[-1].grammar().next_grammar("")
    assert "Pulmonary embolism" in grammar
    assert "CT pulmonary angiogram, after D-dimer" in grammar
    assert all(f'"{finding.name}"' in grammar for finding in load_knowledge().findings.values())


def test_registry_builds_and_rebuilds() -> None:
    assert tuple(name for name in names() if kind(name).basic) == (*SINGLE, "majority_vote")
    chosen = build("majority_vote", samples=2, inner="cot")
    events = run(chosen, ScriptedEngine([reply()] * 2), Budget(seed=3, thinking_tokens=64))
    assert rebuild(events[0]) == (chosen, Budget(seed=3, thinking_tokens=64))
    with pytest.raises(StrategyError, match="choose one of vanilla"):
        build("oracle")
    with pytest.raises(StrategyError, match="samples"):
        build("majority_vote", samples=1)
    with pytest.raises(StrategyError, match="temperature"):
        build("vanilla", temperature=1)


def test_report_document() -> None:
    events = run(MajorityVote(samples=2), ScriptedEngine([reply(), reply(SECOND)]))
    document = to_document(fold(events), "run-1", card())
    assert json.loads(json.dumps(document)) == document
    assert {"run_id", "strategy", "model", "usage", "differential", "samples", "warnings"} <= set(document)
    assert {"id", "quantization", "adapter", "device"} <= set(document["model"])
    assert {"rank", "diagnosis", "status", "likelihood", "cannot_miss", "icd10", "supporting", "refuting", "missing"} <= set(
        document["differential"]["hypotheses"][0]
    )
    assert {"quote", "start", "end", "verified"} <= set(document["differential"]["hypotheses"][0]["supporting"][0])
    assert "".join(step["text"] for step in document["samples"][0]["trace"]["steps"]) == THOUGHT
    assert document["votes"][0]["first"] == 1


def test_fold_of_any_beginning_of_a_run() -> None:
    events = run(LongMonolog(), ScriptedEngine([reply()]))
    for end in range(len(events)):
        result = fold(events[:end])
        assert result.status == "interrupted"
        to_document(result, "x", card())
    assert "".join(s.text for s in fold(events[:12]).samples[0].trace.steps)
    assert fold(events).status == "concluded"


def test_truth_of_generated_cases_survives_the_way_through() -> None:
    knowledge = load_knowledge()
    for seed in range(8):
        case = generate_case(seed, "heldout", knowledge)
        truth: Differential = differential(knowledge, case, weigh(knowledge, case))
        engine = ScriptedEngine([[f"{write_answer(truth)}</answer>"]], card=card(closed_vocabulary=True))
        result = fold(run(Vanilla(), engine, case=case.case)).differential
        assert result is not None
        assert [h.diagnosis for h in result.hypotheses] == [h.diagnosis for h in truth.hypotheses]
        assert result.next_step == truth.next_step


def test_a_vote_on_a_real_model(engine: LocalEngine) -> None:
    events = run(MajorityVote(samples=2, temperature=1.0), engine, Budget(thinking_tokens=16, answer_tokens=1500))
    assert events[0].tuned
    assert fold(events).status == "concluded"
    quotations = [q for h in fold(events).differential.hypotheses for q in (*h.supporting, *h.refuting)]
    assert all(q.verified for q in quotations)


def test_a_cancelled_real_engine_is_free_again(engine: LocalEngine) -> None:
    calls = iter(range(1000))
    events = list(run_strategy(LongMonolog(), CASE, engine, Budget(), lambda: next(calls) > 6))
    assert events[-1].cancelled
    assert 5 <= events[-1].usage.generated_tokens <= 20
    again = list(run_strategy(LongMonolog(), CASE, engine, Budget(thinking_tokens=16, answer_tokens=1500)))
    assert fold(again).status == "concluded"
