"""Evaluations in a folder: every answer is kept as it comes, and whatever happens in between, the outcome is the same."""

import json
from pathlib import Path

import pytest

from cases.benchmarks import BenchmarkError
from reasoning.engines.engine import EngineError, ModelCard
from reasoning.evaluation.suite import (
    Plan,
    Progress,
    Record,
    SuiteError,
    parse_arms,
    prepare,
    prepare_again,
    read_folder,
    run_in_batches,
    run_suite,
    swept,
)
from reasoning.strategies import Budget, MajorityVote, StrategyError
from tests.reasoning.evaluation_examples import CHOICES, RIGHT, TOES, WRONG, Answering, differential, own, planned

THOUGHT = 'He has a "hot swollen toe", and " a fever". So gout.</think>'
REPLIES = {"man of 61": [[THOUGHT, WRONG]], "man of": [[THOUGHT, RIGHT]]}


def outcome(records: tuple[Record, ...]) -> dict[tuple[str, str], tuple[object, ...]]:
    return {(r.arm, r.case): (r.rank, r.choice, r.prompt, [s.answer for s in r.samples], r.usage.generated_tokens) for r in records}


# What is asked


def test_an_arm_says_its_strategy_its_parameters_and_its_limits() -> None:
    vanilla, cot, vote = parse_arms(
        ["vanilla, cot:think=64:temperature=0.5", "majority_vote:samples=8:inner=cot:temperature=0.9"], Budget(seed=3)
    )
    assert (vanilla.label, vanilla.budget) == ("vanilla", Budget(seed=3))
    assert cot.budget == Budget(seed=3, thinking_tokens=64, temperature=0.5)
    assert vote.strategy == MajorityVote(samples=8, inner="cot", temperature=0.9)
    assert vote.budget.temperature == 0, "a vote draws at its own temperature"
    assert vote.title == "Majority vote, samples 8, inner cot, temperature 0.9"
    assert parse_arms([vote.label], Budget(seed=3)) == (vote,), "a label can be read back"


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("guess", StrategyError, "choose one of vanilla"),
        ("cot:samples=3", StrategyError, "cot has no parameter samples: it takes think, minimum_think"),
        ("majority_vote:samples=many", StrategyError, "samples: Input should be a valid integer"),
        ("cot:think", SuiteError, "write name:parameter=value"),
        ("cot:think=4", SuiteError, "limits of cot:think=4 cannot be had: think:"),
        ("cot:think=64:minimum_think=65", SuiteError, "cannot be larger"),
        ("cot,cot", SuiteError, "named twice"),
        (",", SuiteError, "No strategy was named"),
    ],
)
def test_a_strategy_that_cannot_be_had_says_what_can(text: str, error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        parse_arms([text], Budget())


def test_a_sweep_forces_every_chain_that_thinks_to_each_length() -> None:
    arms = parse_arms(["vanilla,cot:answer=300,majority_vote"], Budget())
    forced = swept(arms, [128, 64])
    assert [arm.label for arm in forced] == [f"cot:answer=300:think={n}:minimum_think={n}:waits=8" for n in (64, 128)]
    assert all(arm.budget.thinking_tokens == arm.budget.minimum_thinking_tokens == arm.exactly for arm in forced)
    with pytest.raises(SuiteError, match="add cot, longstep or longmonolog"):
        swept(arms[:1], [64])


def test_a_data_set_is_a_name_or_the_path_of_a_file(tmp_path: Path) -> None:
    assert planned(own(tmp_path)).plan.dataset == "own.jsonl"
    with pytest.raises(BenchmarkError, match=r"no such data set: choose one of generated:heldout.*path of a file"):
        planned(Path("medqa"))
    with pytest.raises(BenchmarkError, match="a file that you bring"):
        planned(Path("medqa-5"))
    limited = planned(own(tmp_path), limit=2)
    assert (limited.plan.items, len(limited.items)) == (2, 2)


def test_items_are_asked_as_their_set_was_published_or_as_one_wishes(tmp_path: Path) -> None:
    both = [{**CHOICES[0], "diagnosis": "Gout"}, TOES[0]]
    file = own(tmp_path, both)
    assert [kind for _, kind in planned(file).items] == ["options", "diagnosis"]
    assert [kind for _, kind in planned(file, ask="diagnosis").items] == ["diagnosis", "diagnosis"]
    only = planned(file, ask="options")
    assert ([kind for _, kind in only.items], only.plan.not_asked) == (["options"], 1)


def test_options_are_shuffled_by_seed_and_the_key_with_them(tmp_path: Path) -> None:
    orders = {planned(own(tmp_path, CHOICES), shuffle_options=seed).items[0][0].answer for seed in range(8)}
    assert orders == {"A", "B"}


# What is kept


def test_every_answer_is_a_line_with_all_that_was_asked_written_and_found(tmp_path: Path) -> None:
    seen: list[Progress] = []
    engine = Answering(REPLIES)
    assert run_suite(tmp_path / "out", planned(own(tmp_path), "vanilla,cot"), lambda: engine, progress=seen.append)
    kept = read_folder(tmp_path / "out")
    assert len(kept.records) == len((tmp_path / "out" / "records.jsonl").read_text().splitlines()) == 8
    record = next(r for r in kept.records if (r.arm, r.case) == ("cot", "toe-1"))
    assert TOES[1]["text"] in record.prompt
    assert (record.strategy, record.budget, record.model.id) == ("cot", Budget(), "scripted")
    assert record.samples[0].trace.startswith('He has a "hot swollen toe"')
    assert record.samples[0].answer == WRONG
    assert (record.truth.diagnosis, record.rank, record.readable, record.right) == ("Gout", 2, True, False)
    assert record.differential is not None
    assert record.differential.hypotheses[0].supporting[0].match == "exact"
    assert [(q.quote, q.found) for q in record.trace_quotations] == [("hot swollen toe", True), ("a fever", True)]
    assert record.evidence is not None
    assert (record.evidence.precision.hits, record.evidence.recall.hits) == (1, 1)
    assert record.usage.thinking_tokens > 0
    assert seen[-1] == Progress(8, 8, seen[-1].arm, seen[-1].right, 4)
    assert {p.arm: p.right for p in seen if p.answered == 4} == {"vanilla": 3, "cot": 3}
    assert oct((tmp_path / "out").stat().st_mode)[-3:] == "700", "notes lie in it"


@pytest.mark.parametrize("words", [1, 40, 150, 400])
def test_a_run_that_was_killed_anywhere_goes_on_to_the_same_outcome(tmp_path: Path, words: int) -> None:
    prepared = planned(own(tmp_path), "vanilla,cot")
    run_suite(tmp_path / "whole", prepared, lambda: Answering(REPLIES))
    with pytest.raises(KeyboardInterrupt):
        run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES, breaks_after=words), at_once=2)
    before = len(read_folder(tmp_path / "out").records)
    again = Answering(REPLIES)
    assert run_suite(tmp_path / "out", prepared, lambda: again, resume=True)
    assert len(again.requests) == 8 - before
    assert outcome(read_folder(tmp_path / "out").records) == outcome(read_folder(tmp_path / "whole").records)


def test_a_last_line_that_was_cut_off_is_asked_again(tmp_path: Path) -> None:
    prepared, records = planned(own(tmp_path)), tmp_path / "out" / "records.jsonl"
    run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES))
    whole = read_folder(tmp_path / "out").records
    records.write_bytes(records.read_bytes()[:-40])
    assert len(read_folder(tmp_path / "out").records) == 3
    again = Answering(REPLIES)
    run_suite(tmp_path / "out", prepared, lambda: again, resume=True)
    assert len(again.requests) == 1
    assert outcome(read_folder(tmp_path / "out").records) == outcome(whole)


def test_a_damaged_line_in_the_middle_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    prepared, records = planned(own(tmp_path)), tmp_path / "out" / "records.jsonl"
    run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES))
    content = records.read_bytes()
    records.write_bytes(b"{}\n" + content)
    with pytest.raises(SuiteError, match=r"records\.jsonl, line 1"):
        run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES), resume=True)
    assert records.read_bytes() == b"{}\n" + content


def test_a_folder_takes_one_evaluation_and_no_other(tmp_path: Path) -> None:
    file = own(tmp_path)
    run_suite(tmp_path / "out", planned(file), lambda: Answering(REPLIES))

    def refused(hint: str, *strategies: str, resume: bool = True, **changes: object) -> None:
        with pytest.raises(SuiteError, match=hint):
            run_suite(tmp_path / "out", planned(file, *strategies, **changes), lambda: Answering(REPLIES), resume=resume)

    refused("go on with --resume", resume=False)
    refused("strategies: vanilla there, cot here", "cot")
    refused("limit: none there, 2 here", limit=2)
    refused("limits or parameters", budget=Budget(answer_tokens=300))
    own(tmp_path, [*TOES[:3], {**TOES[3], "text": "Another man with a hot toe."}])
    refused("the items themselves")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(SuiteError, match="not empty"):
        run_suite(tmp_path / "other", planned(file), lambda: Answering(REPLIES))


def test_other_weights_may_not_go_on(tmp_path: Path) -> None:
    prepared = planned(own(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES, breaks_after=3))
    other = Answering(REPLIES, card=ModelCard(id="scripted", weights_sha256="other"))
    with pytest.raises(SuiteError, match="Other weights answered"):
        run_suite(tmp_path / "out", prepared, lambda: other, resume=True)


def test_a_finished_run_loads_no_model_again(tmp_path: Path) -> None:
    prepared = planned(own(tmp_path))
    run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES))
    assert run_suite(tmp_path / "out", prepared, lambda: pytest.fail("a model was loaded"), resume=True)


def test_a_run_that_is_cancelled_closes_the_engine_at_once_and_keeps_whole_answers_only(tmp_path: Path) -> None:
    engine, prepared = Answering(REPLIES), planned(own(tmp_path))
    asked = iter(range(1000))
    assert not run_suite(tmp_path / "out", prepared, lambda: engine, cancelled=lambda: next(asked) > 20)
    assert engine.cancelled == 1
    assert read_folder(tmp_path / "out").records == ()
    assert run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES), resume=True)


# What goes wrong


def test_a_case_that_does_not_fit_the_model_is_wrong_and_spoils_no_other(tmp_path: Path) -> None:
    long = {**TOES[0], "id": "long", "text": "A man of 60 with a toe " + "that hurts " * 900}
    engine = Answering(REPLIES, card=ModelCard(id="scripted", context=900))
    assert run_suite(tmp_path / "out", planned(own(tmp_path, [*TOES, long])), lambda: engine)
    records = {r.case: r for r in read_folder(tmp_path / "out").records}
    assert len(records) == 5
    assert records["toe-0"].right
    assert (records["long"].readable, records["long"].right) == (False, False)
    assert "longer than the model reads" in (records["long"].failure or "")


def test_an_engine_that_breaks_down_ends_the_run_and_no_answer_is_made_up(tmp_path: Path) -> None:
    class Broken(Answering):
        def stream(self, requests):
            raise EngineError("The device is gone.")

    with pytest.raises(EngineError, match="device is gone"):
        run_suite(tmp_path / "out", planned(own(tmp_path)), lambda: Broken(REPLIES))
    assert read_folder(tmp_path / "out").records == ()


# How answers are read


def test_options_are_shown_and_what_no_rule_reads_is_unparsed(tmp_path: Path) -> None:
    replies = {
        "man of 60": [["Hm.</think>", "The answer is A.</answer>"]],
        "man of 61": [["Hm.</think>", "The answer is B.</answer>"]],
        "man of": [["Hm.</think>", "Hard to say.</answer>"]],
    }
    engine = Answering(replies)
    run_suite(tmp_path / "out", planned(own(tmp_path, CHOICES), "cot"), lambda: engine)
    records = {r.case: r for r in read_folder(tmp_path / "out").records}
    assert [(r.choice, r.read_by, r.right) for r in (records[f"q-{n}"] for n in range(4))] == [
        ("A", "stated", True),
        ("B", "stated", False),
        (None, "unparsed", False),
        (None, "unparsed", False),
    ]
    assert "Question: What is it?\nA. Gout\nB. Asthma" in records["q-0"].prompt
    assert {r.way for r in records.values()} == {"options shown"}
    assert all(phase.grammar is None for request in engine.requests for phase in request.phases)


def test_a_vote_on_options_counts_letters_and_spoiled_ballots_name_nobody(tmp_path: Path) -> None:
    ballots = [["", f"{said}</answer>"] for said in ("Hard to say.", "The answer is B.", "The answer is A.", "The answer is A.")]
    run_suite(
        tmp_path / "out", planned(own(tmp_path, CHOICES[:1]), "majority_vote:samples=4:inner=cot"), lambda: Answering({"man": ballots})
    )
    (record,) = read_folder(tmp_path / "out").records
    assert (record.choice, record.choice_votes, record.read_by) == ("A", 2, "vote")
    assert [sample.choice for sample in record.samples] == [None, "B", "A", "A"]


def test_a_model_that_never_saw_a_letter_chooses_by_its_differential(tmp_path: Path) -> None:
    replies = {"man of 60": [[RIGHT]], "man of": [[differential("Sepsis", "Tuberculosis", "Cellulitis")]]}
    card = ModelCard(id="scripted", prompt_family="demonstration")
    run_suite(tmp_path / "out", planned(own(tmp_path, CHOICES[:2])), lambda: Answering(replies, card=card))
    found, unparsed = sorted(read_folder(tmp_path / "out").records, key=lambda r: r.case)
    assert (found.way, found.choice, found.read_by) == ("differential", "A", "listed diagnosis")
    assert "Asthma" not in found.prompt, "the options were not shown"
    assert (unparsed.choice, unparsed.read_by) == (None, "unparsed")


def test_an_experts_differential_is_compared_with_the_whole_list_and_its_evidence(tmp_path: Path) -> None:
    row = {
        "id": "x",
        "vignette": "A man of 60 with a hot swollen toe and a fever.",
        "differential": [
            {"diagnosis": "Gout", "supporting": ["hot swollen toe", "fever"]},
            {"diagnosis": "Cellulitis", "supporting": ["fever"]},
        ],
    }
    file = own(tmp_path, [row], "xddx.jsonl")
    prepared = planned(Path("open-xddx"), data=file)
    run_suite(tmp_path / "out", prepared, lambda: Answering({"man": [[WRONG]]}))
    (record,) = read_folder(tmp_path / "out").records
    assert (record.truth.kind, record.rank) == ("differential", 2)
    assert record.experts_listed is not None
    assert (record.experts_listed.hits, record.experts_listed.n) == (1, 2)
    assert record.evidence is not None
    assert (record.evidence.precision.value, record.evidence.recall.hits, record.evidence.recall.n) == (1.0, 1, 2)


def test_forced_lengths_are_counted_as_the_limits_count_them(tmp_path: Path) -> None:
    file = own(tmp_path, TOES[:1])
    long = " ".join(["word"] * 80)
    arms = swept(parse_arms(["cot"], Budget()), [32])
    prepared = prepare(str(file), arms, model="scripted")
    run_suite(tmp_path / "out", prepared, lambda: Answering({"man": [[f"{long}</think>", RIGHT]]}))
    (record,) = read_folder(tmp_path / "out").records
    (sample,) = record.samples
    assert (sample.length, record.exactly) == (32, 32)
    assert sample.thinking_tokens == 32 + sample.mark_tokens > 32


def test_settings_say_what_answered_and_hold_no_note(tmp_path: Path) -> None:
    run_suite(tmp_path / "out", planned(own(tmp_path)), lambda: Answering(REPLIES))
    text = (tmp_path / "out" / "settings.json").read_text("utf-8")
    assert json.loads(text)["card"]["id"] == "scripted"
    assert "toe and a fever" not in text


# Pausing and going on


def test_whoever_owns_the_engine_may_do_something_else_between_two_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    engine, prepared = Answering(REPLIES), planned(own(tmp_path))
    batches = run_in_batches(tmp_path / "out", prepared, lambda: engine, at_once=2)
    next(batches)
    assert len(engine.requests) == len(read_folder(tmp_path / "out").records) == 2
    now[0] += 1000
    next(batches)
    with pytest.raises(StopIteration) as end:
        next(batches)
    assert end.value.value is True
    assert sum(r.share_seconds for r in read_folder(tmp_path / "out").records) == 0, "the time in between is no part of any answer's"


def test_who_watches_a_resumed_evaluation_is_told_of_earlier_answers_too(tmp_path: Path) -> None:
    prepared, seen = planned(own(tmp_path), "vanilla,cot"), list[Progress]()
    with pytest.raises(KeyboardInterrupt):
        run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES, breaks_after=150), at_once=1)
    run_suite(tmp_path / "out", prepared, lambda: Answering(REPLIES), resume=True, progress=seen.append)
    assert [progress.done for progress in seen] == list(range(9))
    told = [progress.record for progress in seen if progress.record]
    assert tuple((r.arm, r.case) for r in told) == tuple((r.arm, r.case) for r in read_folder(tmp_path / "out").records)
    assert "hot swollen toe" not in repr(seen)


def test_a_plan_is_enough_to_go_on_with_its_file(tmp_path: Path) -> None:
    file = own(tmp_path)
    arms = parse_arms(["majority_vote:samples=3:inner=cot", "cot"], Budget(seed=3, answer_tokens=300))
    prepared = prepare(str(file), (*arms, *swept(arms, [64])), limit=3, seed=3, model="scripted")
    again = prepare_again(Plan.model_validate_json(prepared.plan.model_dump_json()), file)
    assert again == prepared
    own(tmp_path, [*TOES[1:], TOES[0]])
    with pytest.raises(SuiteError, match=r"cannot go on as it was begun \(the items themselves\)"):
        prepare_again(prepared.plan, file)
    made = prepare("library", parse_arms(["vanilla"], Budget()), limit=2)
    assert prepare_again(made.plan) == made
