"""What the demonstration model is taught: texts that are true to their case and in the forms that the program reads."""

import random

import pytest

from cases.generator import GeneratedCase, generate_case
from cases.knowledge import load_knowledge
from reasoning.answer import read_answer
from reasoning.answer_grammar import AnswerGrammar
from reasoning.differential import Likelihood
from reasoning.engines.constraint import Guard, grammar_tokenizer
from reasoning.evaluation.trace_quotations import trace_quotations
from reasoning.prompts import render
from reasoning.strategies.chain import _missing
from reasoning.trace import StepKind
from reasoning.trace_steps import cut
from reasoning.training import texts
from reasoning.training.corpus import SHARES, make_example, rows, tokenise
from reasoning.training.corpus import render as rendered
from reasoning.training.listing import listed_diagnoses
from reasoning.training.reading import UNTAUGHT
from reasoning.training.tokenizer import SPECIAL, train_tokenizer
from reasoning.training.weighing import differential, likelihood_word, weigh

KNOWLEDGE = load_knowledge()
CASES = [generate_case(seed) for seed in range(700, 740)]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer((part for kind in SHARES for seed in range(40) for part in rendered(make_example(KNOWLEDGE, kind, seed))), 2048)


@pytest.mark.parametrize("strategy", texts.STRATEGIES)
def test_the_prompt_learnt_is_the_prompt_sent(strategy: str) -> None:
    case = CASES[0].case
    assert [m["content"] for m in render("demonstration", strategy, case)] == [texts.prompt(strategy, case.text)]


def test_every_taught_answer_passes_the_grammar_it_will_be_written_under(tokenizer) -> None:
    guard_tokenizer = grammar_tokenizer(tokenizer, len(tokenizer), tokenizer.eos_token_id)
    names = tuple(c.name for c in KNOWLEDGE.conditions.values())
    for case in CASES[:15]:
        answer = texts.case_example(KNOWLEDGE, case, "vanilla", random.Random(0)).reply.removeprefix("<answer>\n").removesuffix("</answer>")
        guard, written = Guard(guard_tokenizer, AnswerGrammar(case.case.text, names, _missing(KNOWLEDGE))), ""
        for token in tokenizer.encode(answer, add_special_tokens=False):
            assert guard.allowed()[token], (case.case.id, written[-60:], tokenizer.decode([token]))
            written += tokenizer.decode([token])
            guard.accept(token, written)
        assert guard.complete


def test_a_taught_answer_reads_back_as_the_differential_it_was_written_from() -> None:
    for case in CASES:
        reply = texts.case_example(KNOWLEDGE, case, "vanilla", random.Random(0)).reply
        read = read_answer(reply.removeprefix("<answer>\n").removesuffix("</answer>"))
        true = differential(KNOWLEDGE, case, weigh(KNOWLEDGE, case))
        assert [h.diagnosis for h in read.hypotheses] == [h.diagnosis for h in true.hypotheses]
        assert [h.likelihood for h in read.hypotheses] == [h.likelihood for h in true.hypotheses]


@pytest.mark.parametrize("strategy", ["longstep", "longmonolog"])
def test_traces_quote_the_note_word_for_word(strategy: str) -> None:
    for case in CASES:
        reply = texts.case_example(KNOWLEDGE, case, strategy, random.Random(0)).reply
        said = trace_quotations(reply.partition("</think>")[0])
        assert len(said) >= len(case.stated)
        assert all(quote in case.case.text for quote in said)


def test_a_longstep_trace_is_cut_into_its_steps() -> None:
    reply = texts.case_example(KNOWLEDGE, CASES[0], "longstep", random.Random(0)).reply
    kinds = [step.kind for step in cut(reply.removeprefix("<think>\n").partition("\n</think>")[0]).steps]
    assert kinds == [
        StepKind.problem_representation,
        StepKind.findings,
        StepKind.hypotheses,
        StepKind.evidence,
        StepKind.elimination,
        StepKind.conclusion,
    ]


def test_a_monologue_is_recognised_as_hypotheses_evidence_doubt_and_conclusion() -> None:
    kinds = set()
    for case in CASES[:10]:
        reply = texts.case_example(KNOWLEDGE, case, "longmonolog", random.Random(0)).reply
        kinds |= {step.kind for step in cut(reply.removeprefix("<think>\n").partition("\n</think>")[0]).steps}
    assert {StepKind.hypotheses, StepKind.evidence, StepKind.reconsideration, StepKind.conclusion} <= kinds


def _conclusion(case: GeneratedCase) -> list[str]:
    reply = texts.case_example(KNOWLEDGE, case, "longstep", random.Random(0)).reply
    return reply.partition("## Conclusion\n")[2].partition("\n")[0].split(" > ")


def test_conclusions_rank_only_what_was_listed_and_agree_with_their_words() -> None:
    order = list(Likelihood)
    for case in CASES:
        weighed = weigh(KNOWLEDGE, case)
        assert _conclusion(case) == [row.condition.name for row in weighed]
        places = [order.index(row.likelihood) for row in weighed]
        assert places == sorted(places)


def test_likelihood_words_follow_the_posterior() -> None:
    assert [likelihood_word(p) for p in (0.9, 0.6, 0.3, 0.1, 0.01)] == list(Likelihood)


def test_a_cannot_miss_mimic_is_listed_however_unlikely() -> None:
    for case in CASES:
        rows_ = weigh(KNOWLEDGE, case)
        mimics = [KNOWLEDGE.conditions[m] for m in rows_[0].condition.mimics]
        if any(m.cannot_miss for m in mimics):
            assert any(row.condition.cannot_miss for row in rows_)


def test_the_same_seed_gives_the_same_example() -> None:
    for kind in SHARES:
        assert make_example(KNOWLEDGE, kind, 5) == make_example(KNOWLEDGE, kind, 5)


@pytest.mark.parametrize("strategy", texts.STRATEGIES)
def test_wherever_diagnoses_are_listed_the_likeliest_of_those_left_is_asked(tokenizer, strategy: str) -> None:
    ids = list(KNOWLEDGE.conditions)
    for case in CASES[:15]:
        example = texts.case_example(KNOWLEDGE, case, strategy, random.Random(0))
        before, reply = rendered(example)
        listed = listed_diagnoses(KNOWLEDGE, reply)
        assert {reply[row.start : row.end] for row in listed} == {row.condition.name for row in weigh(KNOWLEDGE, case)}
        signals = tokenise(KNOWLEDGE, tokenizer._tokenizer, example).signals
        given = len(tokenizer.encode(before, add_special_tokens=False))
        in_order = []
        for i in range(given, len(signals.states)):
            if signals.states[i] != UNTAUGHT and signals.states[i] != signals.states[i - 1]:
                left = signals.posteriors[signals.states[i]]
                assert left.sum() == pytest.approx(1, abs=1e-5)
                in_order.append(ids[left.argmax()])
        ranked = sorted(ids, key=lambda name: -case.posterior[name])
        assert in_order == [row.condition for row in listed if row.condition == ranked[len(row.before)]]


def test_a_telegram_states_each_finding_of_its_case_and_asks_what_is_likely_after_each(tokenizer) -> None:
    for seed in range(10):
        example = make_example(KNOWLEDGE, "telegram", seed)
        assert example.case is not None
        text, stated = example.case.case.text, example.case.stated
        names = [KNOWLEDGE.findings[row.finding] for row in stated]
        for row, finding in zip(stated, names, strict=True):
            said = text[row.start : row.end]
            assert said
            assert said == said.strip()
            assert row.present or said != finding.name
        learnt = tokenise(KNOWLEDGE, tokenizer._tokenizer, example, decisions_only=True)
        assert set(learnt.signals.states) - {UNTAUGHT} == set(range(1, len(stated) + 1))
        assert not any(learnt.weights)


def test_only_the_reply_is_learnt(tokenizer) -> None:
    example = make_example(KNOWLEDGE, "vanilla", 3)
    row = tokenise(KNOWLEDGE, tokenizer._tokenizer, example)
    given = len(tokenizer.encode(rendered(example)[0], add_special_tokens=False))
    assert not any(row.weights[:given])
    assert all(row.weights[given:])


def test_rows_hold_whole_examples_and_resume_from_a_seed(tokenizer) -> None:
    row = next(rows(KNOWLEDGE, tokenizer._tokenizer, 2048))
    ids = row.ids
    assert len(ids) == len(row.weights) == 2048
    assert row.seed > 0
    assert tokenizer.decode(ids[ids != 0]).count("<|im_start|>assistant") == tokenizer.decode(ids[ids != 0]).count("<|im_end|>") / 2


def test_any_text_survives_the_tokenizer(tokenizer) -> None:
    for text in ("T 38.5, BP 98/60 ↓ 发热 🤒 naïve\n\ttab", *(case.case.text for case in CASES[:5])):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_chat_marks_are_single_tokens(tokenizer) -> None:
    assert all(len(tokenizer.encode(mark, add_special_tokens=False)) == 1 for mark in SPECIAL)
