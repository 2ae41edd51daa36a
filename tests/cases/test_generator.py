"""Generated cases: the same seed gives the same case, the offsets are true, the posterior is one, the held-out wording stays held out."""

import difflib
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from statistics import mean

import pytest

import cases.generator as generator
from cases.case import Origin, read_case
from cases.generator import GeneratedCase, generate_case, held_out_phrasing, load_rules, posterior
from cases.knowledge import Finding, load_knowledge
from cases.knowledge.schema import AGE_RANGES
from cases.note import REGISTERS, Patient, Stated, fill_numbers

KNOWLEDGE = load_knowledge()
SEEDS = range(300)
SHOW_HASH = """
import hashlib
from cases.generator import generate_case
texts = "".join(generate_case(seed, split).case.text for seed in range(40) for split in ("train", "heldout"))
print(hashlib.sha256(texts.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def generated() -> list[GeneratedCase]:
    return [generate_case(seed) for seed in SEEDS]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every (finding, phrasing) that the generator lets the writer choose from while the test runs."""
    seen: list[tuple[str, str]] = []
    write_note = generator.write_note

    def listening(knowledge, patient, choices, phrasings, draw, register=None):  # type: ignore[no-untyped-def]
        def recorded(finding: Finding, options: Sequence[str]) -> list[str]:
            chosen = phrasings(finding, options)
            seen.extend((finding.id, phrase) for phrase in chosen)
            return chosen

        return write_note(knowledge, patient, choices, recorded, draw, register)

    monkeypatch.setattr(generator, "write_note", listening)
    return seen


def masked(wording: str) -> str:
    """A wording with every number, and every range of numbers, replaced by #."""
    return re.sub(r"\{[^}]*\}|\d+(?:\.\d+)?", "#", wording).lower()


def resembles(wording: str, phrasings: Sequence[str]) -> bool:
    """Whether a wording is one of the phrasings, numbers aside and up to a slip of the keyboard."""
    options = [masked(phrase) for phrase in phrasings]
    written = masked(wording)
    return written in options or bool(difflib.get_close_matches(written, options, n=1, cutoff=0.8))


def test_the_same_seed_gives_the_same_case() -> None:
    for seed in range(20):
        assert generate_case(seed) == generate_case(seed)


def test_other_seeds_and_splits_give_other_cases() -> None:
    texts = {generate_case(seed, split).case.text for seed in range(50) for split in ("train", "heldout")}
    assert len(texts) == 100


def test_the_same_seed_gives_the_same_case_in_another_process() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", SHOW_HASH], env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
        )
        digests.add(ran.stdout.strip())
    texts = "".join(generate_case(seed, split).case.text for seed in range(40) for split in ("train", "heldout"))
    assert digests == {hashlib.sha256(texts.encode()).hexdigest()}


def test_every_stated_finding_stands_where_it_says_and_is_worded_as_the_finding(generated: list[GeneratedCase]) -> None:
    for made in generated:
        assert made.stated
        for row in made.stated:
            wording = made.case.text[row.start : row.end]
            finding = KNOWLEDGE.findings[row.finding]
            assert wording
            assert wording == wording.strip()
            assert resembles(wording, (finding.phrasings if row.present else finding.negated).all()), (made.case.id, row, wording)


def test_stated_findings_come_in_order_without_overlap_and_only_once(generated: list[GeneratedCase]) -> None:
    for made in generated:
        for before, after in zip(made.stated, made.stated[1:], strict=False):
            assert before.end <= after.start
        assert len({row.finding for row in made.stated}) == len(made.stated)


def test_no_number_range_is_left_unfilled_and_the_note_reads_cleanly(generated: list[GeneratedCase]) -> None:
    for made in generated:
        assert "{" not in made.case.text
        assert read_case(made.case.text).text == made.case.text
        assert made.case.origin is Origin.generated
        assert (made.case.gold, made.case.gold_synonyms) == (made.condition.name, made.condition.synonyms)


def test_the_posterior_is_a_distribution_over_all_conditions(generated: list[GeneratedCase]) -> None:
    for made in generated:
        assert set(made.posterior) == set(KNOWLEDGE.conditions)
        assert sum(made.posterior.values()) == pytest.approx(1)
        assert min(made.posterior.values()) >= 0


def test_the_posterior_of_the_true_condition_is_high_on_average(generated: list[GeneratedCase]) -> None:
    assert mean(made.posterior[made.condition.id] for made in generated) > 0.65
    first = [max(made.posterior, key=made.posterior.__getitem__) == made.condition.id for made in generated]
    assert mean(first) > 0.9


def test_a_pathognomonic_finding_raises_the_posterior_and_an_excluding_finding_lowers_it() -> None:
    patient = Patient(age=60, sex="male", onset=generator.Onset.hours)
    pain = [Stated("central_chest_pain", True, 0, 1)]

    def of_infarction(*extra: Stated) -> float:
        return posterior(KNOWLEDGE, patient, [*pain, *extra])["acute_myocardial_infarction"]

    assert of_infarction(Stated("st_elevation", True, 0, 1)) > of_infarction() > of_infarction(Stated("aortic_flap_ct", True, 0, 1))
    assert of_infarction(Stated("troponin_raised", False, 0, 1)) < of_infarction()


def test_no_training_case_is_offered_held_out_wording(offered: list[tuple[str, str]]) -> None:
    for seed in SEEDS:
        generate_case(seed)
    assert len(offered) > 3000
    assert [pair for pair in offered if held_out_phrasing(*pair)] == []


def test_held_out_cases_do_use_held_out_wording(offered: list[tuple[str, str]]) -> None:
    for seed in range(60):
        generate_case(seed, "heldout")
    assert any(held_out_phrasing(*pair) for pair in offered)


def test_every_finding_keeps_wording_for_training_and_most_keep_some_held_out() -> None:
    for finding in KNOWLEDGE.findings.values():
        for pool in (finding.phrasings, finding.negated):
            assert not all(held_out_phrasing(finding.id, phrase) for phrase in pool.all())
    held = [any(held_out_phrasing(finding.id, phrase) for phrase in finding.phrasings.all()) for finding in KNOWLEDGE.findings.values()]
    assert mean(held) > 0.8


@pytest.mark.parametrize("register", REGISTERS)
def test_the_register_asked_for_is_the_one_written(register: str) -> None:
    for seed in range(20):
        made = generate_case(seed, register=register)
        assert made.register == register
        headed = any(f"\n{heading}:" in made.case.text for heading in ("History", "Background", "Examination", "Results"))
        assert headed == (register == "blocks")


def test_without_a_choice_every_register_comes_up(generated: list[GeneratedCase]) -> None:
    assert {made.register for made in generated} == set(REGISTERS)


def test_findings_suit_the_patient(generated: list[GeneratedCase]) -> None:
    rules = load_rules()
    for made in generated:
        ages = AGE_RANGES.values()
        assert min(first for first, _ in ages) <= made.patient.age <= max(last for _, last in ages)
        for row in made.stated:
            assert rules.possible(row.finding, made.patient.age, made.patient.sex)
            if made.patient.sex == "male":
                assert row.finding not in rules.female_only
            else:
                assert row.finding not in rules.male_only


def test_no_man_has_a_womans_disease_and_the_reverse(generated: list[GeneratedCase]) -> None:
    for made in generated:
        share = made.condition.prevalence.female if made.patient.sex == "female" else 1 - made.condition.prevalence.female
        assert share > 0


def test_findings_that_exclude_each_other_never_stand_together(generated: list[GeneratedCase]) -> None:
    for made in generated:
        present = {row.finding for row in made.stated if row.present}
        assert all(len(group & present) <= 1 for group in load_rules().exclusive)


def test_over_many_cases_most_conditions_are_met(generated: list[GeneratedCase]) -> None:
    assert len({made.condition.id for made in generated}) > 0.85 * len(KNOWLEDGE.conditions)


def test_a_range_is_filled_with_a_number_inside_it_and_its_decimals() -> None:
    draw = generator.random.Random(1)
    for _ in range(100):
        temperature, rate = fill_numbers("{38.1..39.8} {101..130}", draw).split()
        assert 38.1 <= float(temperature) <= 39.8
        assert re.fullmatch(r"\d\d\.\d", temperature)
        assert 101 <= int(rate) <= 130
