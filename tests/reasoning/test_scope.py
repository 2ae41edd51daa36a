import time

import pytest

from cases.case import read_case
from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.evaluation.baselines import fit_words, naive_bayes, read_patient
from reasoning.phrases import recognise
from reasoning.scope import measure_scope, recognised_share, scope_warning, write_scope

KNOWLEDGE = load_knowledge()
REAL = (
    "A 54-year-old man presents to the emergency department after mowing the lawn. His wife reports that he clutched his fist to "
    "the sternum and looked grey. He was given aspirin by the paramedics and his discomfort eased somewhat on the way to hospital."
)


@pytest.fixture(scope="module", name="cases")
def _cases() -> list:
    return [generate_case(910_000 + i, "heldout", KNOWLEDGE) for i in range(80)]


def test_stated_findings_are_recognised_with_their_polarity(cases: list) -> None:
    right = total = 0
    for case in cases:
        found = {r.finding: r.present for r in recognise(case.case.text, KNOWLEDGE)}
        total += len(case.stated)
        right += sum(found.get(s.finding) == s.present for s in case.stated)
    assert right / total > 0.9


@pytest.mark.parametrize(
    ("text", "finding", "present"),
    [
        ("T 39.9", "fever", True),
        ("T: 36.8.", "fever", False),
        ("T 34", "hypothermia", True),
        ("HR 170", "tachycardia", True),
        ("HR 171 on monitor", "tachycardia", True),
        ("(-) rigors", "high_fever_rigors", False),
        ("RIGORS ++", "high_fever_rigors", True),
        ("T↓", "hypothermia", True),
        ("T↑", "fever", True),
        ("denies frank rigor witnessed", "high_fever_rigors", False),
    ],
)
def test_numbers_signs_and_negations(text: str, finding: str, present: bool) -> None:
    assert [(r.finding, r.present) for r in recognise(text, KNOWLEDGE)] == [(finding, present)]


def test_recognising_is_fast(cases: list) -> None:
    recognised_share(cases[0].case.text, KNOWLEDGE)
    start = time.perf_counter()
    for case in cases:
        recognised_share(case.case.text, KNOWLEDGE)
    assert (time.perf_counter() - start) / len(cases) < 0.02


def test_foreign_notes_are_recognised_less(cases: list) -> None:
    own = sorted(recognised_share(case.case.text, KNOWLEDGE).share for case in cases)
    foreign = recognised_share(REAL, KNOWLEDGE)
    assert foreign.share < own[len(own) // 20]
    assert "mowing" in foreign.unknown_words
    assert recognised_share("", KNOWLEDGE).share == 0


def test_scope_warning_needs_a_measurement(tmp_path, cases: list) -> None:
    path = tmp_path / "demonstration" / "scope.json"
    assert scope_warning(read_case(REAL), KNOWLEDGE, path) is None
    write_scope({"perplexity": 3.5}, path)
    assert scope_warning(read_case(REAL), KNOWLEDGE, path) is None
    write_scope(measure_scope(60, KNOWLEDGE), path)
    warning = scope_warning(read_case(REAL), KNOWLEDGE, path)
    assert warning is not None
    assert "mowing" not in warning
    assert "perplexity" in path.read_text()
    assert sum(scope_warning(case.case, KNOWLEDGE, path) is not None for case in cases) < 12


def test_the_patient_is_read_where_the_note_states_it(cases: list) -> None:
    for case in cases:
        age, sex, _ = read_patient(case.case.text)
        assert (age, sex) == (case.patient.age, case.patient.sex)
    assert read_patient("no patient here") == (None, None, None)


def test_baselines_rank_all_conditions(cases: list) -> None:
    words = fit_words(generate_case(i, "train", KNOWLEDGE) for i in range(1500))
    phrase_hits = word_hits = 0
    for case in cases:
        ranking = naive_bayes(case.case.text, KNOWLEDGE)
        assert {name for name, _ in ranking} == set(KNOWLEDGE.conditions)
        assert sum(p for _, p in ranking) == pytest.approx(1)
        assert ranking == sorted(ranking, key=lambda pair: -pair[1])
        phrase_hits += ranking[0][0] == case.condition.id
        word_hits += words.rank(case.case.text)[0][0] == case.condition.id
    assert phrase_hits / len(cases) > 0.8
    assert 0.15 < word_hits / len(cases) < phrase_hits / len(cases)


def test_a_sign_that_is_lost_does_not_leave_a_bare_letter_behind() -> None:
    assert not [phrase for phrase in recognise("d/w reg, r/v in clinic, vit D", KNOWLEDGE) if phrase.finding]
