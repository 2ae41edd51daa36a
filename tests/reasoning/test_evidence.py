import random
import time

import pytest

from cases.case import Case, read_case
from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status
from reasoning.evidence import check, concerns, locate
from reasoning.training.weighing import differential, weigh

NOTE = (
    "63F with sudden SOB. L calf 3 cm > R.\nSays “can’t breathe”. "
    "No chest pain on rest — T 38.5 °C, 10⁹ cells. No fever. Chest pain at night."
)


@pytest.mark.parametrize(
    ("quote", "words", "match"),
    [
        ("sudden SOB", "sudden SOB", "exact"),
        ("SUDDEN  sob.", "sudden SOB", "normalised"),
        ('"can\'t breathe"', "can’t breathe", "normalised"),
        ("R. Says", "R.\nSays", "normalised"),
        ("no chest pain on rest - T 38.5", "No chest pain on rest — T 38.5", "normalised"),
        ("109 cells", "10⁹ cells", "normalised"),
        ("Chest pain at nigt", "Chest pain at night", "close"),
        ("8.5 °C", None, "not found"),
        ("calf 3", "calf 3", "exact"),
        ("no chest pain at night", None, "not found"),
        ("chest pain on rest", "chest pain on rest", "exact"),
        ("haemoptysis", None, "not found"),
        ("  ", None, "not found"),
        ('""', None, "not found"),
    ],
)
def test_locate(quote: str, words: str | None, match: str) -> None:
    found = locate(quote, NOTE)
    assert found.match == match
    assert found.verified == (words is not None)
    assert words is None or NOTE[found.start : found.end] == words


def test_a_close_match_never_changes_a_number_a_side_or_a_negation() -> None:
    text = "On arrival the blood pressure was 120/80 mmHg in the left arm and there was no rash on the trunk at all."
    for wrong in (
        text.replace("120", "180"),
        text.replace("left", "right"),
        text.replace("no rash", "rash"),
        text.replace("no rash", "a rash"),
    ):
        assert locate(wrong, text).match == "not found"
    assert locate(text.replace("pressure", "presure").replace("arrival", "arival"), text).match == "close"


def test_whole_words_and_free_places_come_first() -> None:
    text = "headache and ache, then ache again"
    first = locate("ache", text)
    assert (first.start, first.end) == (13, 17)
    assert locate("ache", text, [(13, 17)]).start == 24
    assert locate("ache", text, [(13, 17), (24, 28)]).start == 13


def test_offsets_give_back_the_folded_quotation() -> None:
    draw = random.Random(3)
    alphabet = "aé ﬁß—’\n\t½²ΩA1İ≠"
    for _ in range(300):
        text = "".join(draw.choice(alphabet) for _ in range(60))
        start = draw.randrange(40)
        quote = text[start : start + 12]
        found = locate(quote.upper().replace("\n", "  "), text)
        if found.start is not None:
            assert 0 <= found.start < found.end <= len(text)


def test_every_quotation_of_a_generated_case_is_found() -> None:
    knowledge = load_knowledge()
    for seed in range(40):
        case = generate_case(seed, "heldout", knowledge)
        truth = differential(knowledge, case, weigh(knowledge, case))
        checked = check(truth, case.case, knowledge)
        assert all(q.match == "exact" for h in checked.hypotheses for q in (*h.supporting, *h.refuting))
        assert [h.diagnosis for h in checked.hypotheses] == [h.diagnosis for h in truth.hypotheses]


def test_cost_is_bounded_on_the_longest_note() -> None:
    draw = random.Random(1)
    words = ["pain", "chest", "fever", "sudden", "night", "cough", "aaaaaaaa"]
    text = " ".join(draw.choice(words) for _ in range(3600))[:20_000]
    start = time.perf_counter()
    for i in range(10):
        locate(" ".join(draw.choice(words) for _ in range(45)) + str(i), text)
    assert time.perf_counter() - start < 8


def _row(rank: int, name: str, word: Likelihood, status: Status = Status.plausible, **more: object) -> Hypothesis:
    return Hypothesis(rank=rank, diagnosis=name, status=status, likelihood=word, cannot_miss_source="model", **more)


def test_check_names_codes_merges_and_orders() -> None:
    case = read_case("63F sudden SOB and pleuritic pain, no fever, calf swollen")
    given = Differential(
        hypotheses=(
            _row(
                1, "PE", Likelihood.possible, Status.leading, supporting=(Quotation(quote="sudden SOB"), Quotation(quote="invented words"))
            ),
            _row(2, "Rare  unheard-of disease", Likelihood.likely, cannot_miss=True),
            _row(
                3,
                "pulmonary embolus",
                Likelihood.unlikely,
                supporting=(Quotation(quote="calf swollen"), Quotation(quote="SUDDEN SOB")),
                missing=("D-dimer",),
            ),
            _row(4, "Pneumothorax", Likelihood.likely, Status.excluded),
        )
    )
    checked = check(given, case, load_knowledge())
    assert [h.rank for h in checked.hypotheses] == [1, 2, 3]
    rare, embolism, excluded = checked.hypotheses
    assert (rare.diagnosis, rare.status, rare.cannot_miss, rare.cannot_miss_source, rare.icd10) == (
        "Rare unheard-of disease",
        Status.leading,
        True,
        "model",
        None,
    )
    assert (embolism.diagnosis, embolism.cannot_miss_source, embolism.status) == ("Pulmonary embolism", "knowledge", Status.plausible)
    assert embolism.icd10 == "I26.99"
    assert embolism.settling_test
    assert [q.quote for q in embolism.supporting] == ["sudden SOB", "invented words", "calf swollen"]
    assert embolism.missing == ("D-dimer",)
    assert excluded.likelihood == Likelihood.unlikely
    bands = [h.likelihood.band for h in checked.hypotheses]
    assert bands == sorted(bands, reverse=True)
    assert any("1 of 3 quotations" in line for line in concerns(checked, case))


def test_concerns_name_contradictions_without_patient_text() -> None:
    case = Case(text="Man of 50 denies chest pain. Fever.")
    both = (Quotation(quote="Fever"),)
    given = Differential(
        hypotheses=(_row(1, "Influenza", Likelihood.likely, supporting=(*both, Quotation(quote="chest pain")), refuting=both),),
        unexplained=both,
    )
    lines = " ".join(concerns(check(given, case, load_knowledge()), case))
    assert "both for and against" in lines
    assert "negation" in lines
    assert "unexplained" in lines
    assert "chest pain" not in lines
