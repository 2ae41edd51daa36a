"""Evaluation: figures with n and an interval, gold names matched by meaning, many cases in one batch."""

import json
from pathlib import Path

import pytest

from cases.case import Case, CaseError
from cases.generator import generate_case, held_out_phrasing, taught
from cases.knowledge import load_knowledge
from reasoning.answer import read_answer
from reasoning.engines.engine import EngineError
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.compare import baseline_figures
from reasoning.evaluation.evaluate import evaluate, generated_cases, read_cases
from reasoning.evaluation.metrics import Share, mean_reciprocal_rank, within
from reasoning.evaluation.ranking import gold_rank
from reasoning.evaluation.together import together
from reasoning.strategies import build

KNOWLEDGE = load_knowledge()


def answer(*names: str) -> str:
    heads = [
        f"{i}. {name} | {'leading' if i == 1 else 'plausible'} | possible\nfor: none\nagainst: none\nmissing: none\n"
        for i, name in enumerate(names, 1)
    ]
    return "".join(heads) + "unexplained: none\nnext: none\n"


def test_an_interval_contains_its_share_and_narrows_with_n() -> None:
    few, many = Share(8, 10), Share(800, 1000)
    assert few.interval[0] < 0.8 < few.interval[1]
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]
    assert Share(0, 20).interval[0] == 0
    assert Share(20, 20).interval[1] == pytest.approx(1)


def test_top_k_counts_what_is_not_listed_as_wrong() -> None:
    ranks = [1, 3, None, 2]
    assert (within(ranks, 1).hits, within(ranks, 3).hits, within(ranks, 3).n) == (1, 3, 4)
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 3 + 1 / 2) / 4)


def test_a_synonym_of_the_gold_diagnosis_is_right() -> None:
    def rank(said: str, case: Case) -> int | None:
        return gold_rank(read_answer(answer(said, "Asthma", "Gout")), case, KNOWLEDGE)

    attack = Case(text="a note", gold="Acute myocardial infarction")
    assert rank("Heart attack", attack) == rank("Myocardial infarction", attack) == 1
    assert rank("Unstable angina", attack) is None
    assert rank("Dengue fever", Case(text="a note", gold="Dengue", gold_synonyms=("Dengue fever",))) == 1


def test_no_differential_has_no_rank() -> None:
    assert gold_rank(None, Case(text="a note", gold="Gout"), KNOWLEDGE) is None


def test_a_strategy_is_evaluated_over_cases_in_shared_batches() -> None:
    cases = [Case(text=f"case number {i} with a swollen toe", gold="Gout") for i in range(5)]
    engine = ScriptedEngine([[answer("Gout", "Septic arthritis", "Pseudogout")]] * 4 + [[answer("Septic arthritis", "Gout", "Pseudogout")]])
    result = evaluate(engine, build("vanilla"), cases, at_once=3)
    figures = result.summary()
    assert (figures["n"], figures["top1"], figures["top3"], figures["unreadable"]) == (5, 0.8, 1.0, 0)
    assert figures["top1_interval"][0] < 0.8 < figures["top1_interval"][1]


def test_an_unreadable_answer_is_wrong_and_counted() -> None:
    result = evaluate(ScriptedEngine([["nonsense</answer>"]]), build("vanilla"), [Case(text="swollen red toe", gold="Gout")])
    assert (result.summary()["unreadable"], result.summary()["top3"]) == (1, 0.0)


def test_results_come_back_in_order_and_errors_come_out() -> None:
    engine = ScriptedEngine([])
    assert together(engine, lambda _, item: item * 2, [1, 2, 3]) == [2, 4, 6]
    with pytest.raises(EngineError):
        together(engine, lambda proxy, _: list(proxy.stream([build("vanilla").request(*_request_parts(proxy))])), [1, 2])


def _request_parts(engine):
    from reasoning.engines.engine import Sampling
    from reasoning.strategies import Budget

    return Case(text="three words here"), KNOWLEDGE, engine, Budget(), 1, Sampling()


def test_cases_are_read_from_jsonl_with_the_line_named_on_error(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({"id": 7, "vignette": "a swollen red toe", "diagnosis": "Gout", "synonyms": ["podagra"]}) + "\n")
    (case,) = read_cases(file)
    assert (case.id, case.gold, case.gold_synonyms) == ("7", "Gout", ("podagra",))
    file.write_text('{"text": "a swollen red toe"}\n')
    with pytest.raises(CaseError, match="line 1"):
        read_cases(file)
    with pytest.raises(CaseError, match=r"missing\.jsonl"):
        read_cases(tmp_path / "missing.jsonl")


def test_held_out_cases_differ_from_training_cases_and_baselines_read_only_taught_phrasings() -> None:
    assert generated_cases(3)[0].text != generate_case(0, "train").case.text
    known = taught(KNOWLEDGE)
    assert not any(held_out_phrasing(f.id, p) for f in known.findings.values() for p in (*f.phrasings.all(), *f.negated.all()))


def test_a_baseline_is_scored_like_a_strategy() -> None:
    (row,) = baseline_figures([Case(text="toe", gold="Gout"), Case(text="toe", gold="Dengue")], {"always gout": lambda _: [("gout", 1.0)]})
    assert (row["n"], row["top1"]) == (2, 0.5)
