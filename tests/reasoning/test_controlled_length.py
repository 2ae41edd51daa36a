"""Chains of controlled length: chain of draft, budget forcing, thought-switching penalty."""

import pytest

from reasoning.engines.engine import LogitsPenalty
from reasoning.engines.repetition import said_before
from reasoning.engines.scripted import ScriptedEngine
from reasoning.events import BudgetForced, Concluded, SampleFinished, Started
from reasoning.report import fold
from reasoning.strategies import Budget, BudgetForcing, ChainOfDraft, MajorityVote, StrategyError, ThoughtSwitchingPenalty, build, rebuild
from reasoning.strategies.chain_of_draft import DRAFT_TOKENS
from tests.reasoning.strategy_examples import FIRST, card, reply, run


def of(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def forced(*pieces: str) -> list[str]:
    """A reply whose thinking stops after each of the pieces."""
    return ["".join(f"{piece}</think>" for piece in pieces), f"{FIRST}</answer>"]


def test_a_draft_is_asked_for_in_words() -> None:
    engine = ScriptedEngine([reply()])
    events = run(ChainOfDraft(), engine, Budget(thinking_tokens=512))
    assert "minimum draft" in of(events, Started)[0].prompt
    assert engine.requests[0].phases[0].maximum_tokens == 512
    assert of(events, Started)[0].warnings == ()


def test_the_demonstration_model_drafts_by_a_small_limit_and_says_so() -> None:
    demonstration = card(prompt_family="demonstration", adapters={"cot": "ab"})
    engine = ScriptedEngine([reply()], card=demonstration)
    (started,) = of(run(ChainOfDraft(), engine, Budget(thinking_tokens=512, minimum_thinking_tokens=100)), Started)
    assert started.prompt.endswith("Task: cot")
    assert started.adapter == "cot"
    phase = engine.requests[0].phases[0]
    assert (phase.maximum_tokens, phase.minimum_tokens) == (DRAFT_TOKENS, DRAFT_TOKENS)
    assert any("no task of drafting" in warning for warning in started.warnings)


def test_words_are_used_in_turn_until_the_minimum_is_reached() -> None:
    engine = ScriptedEngine([forced("Infarction first.", " Then a clot.", " Or a tear of the aorta.", " Or the lung.", " Done now.")])
    events = run(BudgetForcing(minimum=200, times=4, words=("Wait", "Hmm"), inner="cot"), engine)
    assert of(events, SampleFinished)[0].trace.text == (
        "Infarction first.\nWait Then a clot.\nHmm Or a tear of the aorta.\nWait Or the lung.\nHmm Done now."
    )
    assert [event.action for event in of(events, BudgetForced)] == ["continued"] * 4


def test_forcing_ends_when_a_continuation_says_what_was_said() -> None:
    said = " The clot explains the breathlessness and the calf."
    engine = ScriptedEngine([forced(f"A clot.{said}", said, " Something new at last, never reached.")])
    events = run(BudgetForcing(minimum=500, times=5, inner="cot"), engine)
    assert [event.action for event in of(events, BudgetForced)] == ["continued", "repeated"]
    assert of(events, SampleFinished)[0].trace.text == f"A clot.{said}\nWait{said}"
    assert fold(events).status == "concluded"


def test_both_limits_hold_for_each_sample_of_a_vote_over_forced_chains() -> None:
    replies = [forced("Short."), forced("word " * 400), forced("a b c", " d e f g h", " i j k l m n o p")]
    engine = ScriptedEngine(replies)
    strategy = BudgetForcing(minimum=12, maximum=40, times=8, repetition=1.0, inner="cot")
    for sample, text in enumerate(replies):
        alone = run(strategy, ScriptedEngine([text]), Budget(thinking_tokens=1024))
        spent = of(alone, SampleFinished)[0].usage.thinking_tokens
        assert spent <= 41, sample  # 40 and the opening tag
    run(MajorityVote(samples=3, inner="budget_forcing"), engine)
    assert engine.requests[0].samples == 3
    assert engine.requests[0].phases[0].continue_with == ("\nWait", "\nHmm", "\nAlternatively")


def test_the_budget_of_the_run_holds_above_the_strategys_own_limits() -> None:
    assert BudgetForcing(minimum=300).limits(Budget(thinking_tokens=128)) == (128, 128)
    assert BudgetForcing(minimum=30, maximum=64).limits(Budget(minimum_thinking_tokens=50)) == (50, 64)
    (started,) = of(run(BudgetForcing(minimum=300, inner="cot"), ScriptedEngine([reply()]), Budget(thinking_tokens=128)), Started)
    assert any("below the minimum of 300" in warning for warning in started.warnings)
    assert any("2504.00869" in warning for warning in started.warnings)


def test_forcing_keeps_the_adapter_and_the_honesty_of_its_inner_chain() -> None:
    (started,) = of(run(BudgetForcing(), ScriptedEngine([reply()], card=card(adapters={"longmonolog": "ab"}))), Started)
    assert (started.strategy, started.adapter, started.tuned) == ("budget_forcing", "longmonolog", True)
    (started,) = of(run(BudgetForcing(), ScriptedEngine([reply()])), Started)
    assert any("runs as prompted" in warning for warning in started.warnings)


def test_how_much_was_said_before() -> None:
    assert said_before("It is a clot in the lung.", "Surely it is a clot in the lung, I think") == 1
    assert said_before("Never heard of this before", "It is a clot in the lung.") == 0
    assert said_before("it is a clot in the leg", "It is a clot in the lung.") == 0.75
    assert said_before("", "anything") == 1
    assert said_before("no clot", "there is no clot") == 1
    assert said_before("no clot", "") == 0


def test_a_switching_penalty_is_plain_data_on_the_thinking_phase() -> None:
    engine = ScriptedEngine([reply()])
    events = run(ThoughtSwitchingPenalty(penalty=5, duration=50, words=("Wait", "Hmm")), engine)
    thinking, answer = engine.requests[0].phases
    assert thinking.penalties == (LogitsPenalty(("Wait", "Hmm"), 5, 50),)
    assert answer.penalties == ()
    assert fold(events).status == "concluded"


@pytest.mark.parametrize("name", ["chain_of_draft", "budget_forcing", "thought_switching_penalty"])
def test_they_rebuild_from_their_record_and_may_stand_inside_a_vote(name: str) -> None:
    events = run(build(name), ScriptedEngine([reply()]), Budget(seed=3))
    assert rebuild(events[0]) == (build(name), Budget(seed=3))
    assert rebuild(events[0])[0].model_dump() == build(name).model_dump()
    vote = run(MajorityVote(samples=2, inner=name), ScriptedEngine([reply()] * 2))
    assert of(vote, Concluded)


def test_parameters_are_checked_and_may_be_typed() -> None:
    assert build("budget_forcing", words="Wait/But is it so?", minimum="64") == BudgetForcing(words=("Wait", "But is it so?"), minimum=64)
    for parameters in ({"words": ()}, {"words": ("</think>",)}, {"minimum": 0}, {"maximum": 3}, {"repetition": 0}, {"wait": 1}):
        with pytest.raises(StrategyError):
            build("budget_forcing", **parameters)
    with pytest.raises(StrategyError):
        build("thought_switching_penalty", inner="vanilla")
