"""The knowledge base read as its specification."""

import re
from collections import defaultdict
from importlib import resources

import pytest
import simple_icd_10_cm as icd
import yaml
from pydantic import ValidationError

from cases.knowledge import Condition, Finding, load_knowledge
from cases.knowledge.knowledge import spelled_alike
from cases.knowledge.schema import Onset, Phrasings, age_band

KNOWLEDGE = load_knowledge()
CONDITIONS = tuple(KNOWLEDGE.conditions.values())
FINDINGS = tuple(KNOWLEDGE.findings.values())
RULES: dict[str, list] = yaml.safe_load(resources.files("cases.knowledge").joinpath("rules.yaml").read_text("utf-8"))
SINGLE_SEX_RULES = {"female": "female_only", "male": "male_only"}

each_condition = pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.id)


def test_it_holds_at_least_145_conditions_and_600_findings() -> None:
    assert len(CONDITIONS) >= 145
    assert len(FINDINGS) >= 600


def test_no_file_refers_to_a_finding_or_condition_that_does_not_exist() -> None:
    assert KNOWLEDGE.problems() == []


def test_every_finding_belongs_to_some_condition() -> None:
    used = {finding for condition in CONDITIONS for finding in condition.findings}
    assert {finding.id for finding in FINDINGS} <= used


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_a_finding_can_be_written_in_five_ways_and_denied(finding: Finding) -> None:
    assert len(set(finding.phrasings.all())) >= 5
    assert finding.phrasings.lay
    assert finding.negated.all()
    assert not set(finding.phrasings.all()) & set(finding.negated.all())
    assert all(phrase == phrase.strip() and phrase for phrase in finding.phrasings.all() + finding.negated.all())


def test_no_wording_states_two_findings() -> None:
    meanings = defaultdict(set)
    for finding in FINDINGS:
        for phrase in finding.phrasings.all():
            meanings[phrase.lower()].add(finding.id)
    assert {phrase: ids for phrase, ids in meanings.items() if len(ids) > 1} == {}


@each_condition
def test_its_icd_10_code_is_valid_and_billable(condition: Condition) -> None:
    assert icd.is_valid_item(condition.icd10)
    assert icd.is_leaf(condition.icd10)


@each_condition
def test_its_probabilities_lie_between_0_and_1_and_something_is_typical(condition: Condition) -> None:
    assert all(0 < p < 1 for p in condition.findings.values())
    assert len(condition.findings) >= 15
    assert sum(p >= 0.5 for p in condition.findings.values()) >= 3
    assert min(condition.findings.values()) <= 0.1


@each_condition
def test_its_time_course_sums_to_one_and_some_age_can_have_it(condition: Condition) -> None:
    assert set(condition.time_course) <= set(Onset)
    assert sum(condition.time_course.values()) == pytest.approx(1, abs=0.02)
    assert sum(condition.prevalence.ages.values()) > 0


@each_condition
def test_its_telling_findings_are_its_own_and_its_excluding_findings_are_rare_in_it(condition: Condition) -> None:
    assert set(condition.pathognomonic) <= set(condition.findings)
    assert not set(condition.pathognomonic) & set(condition.excluding)
    assert all(condition.findings.get(finding, 0) <= 0.1 for finding in condition.excluding)


@each_condition
def test_it_has_mimics_a_settling_test_a_question_and_a_summary(condition: Condition) -> None:
    assert len(set(condition.mimics)) >= 2
    assert condition.settling_test
    assert condition.next_question.endswith("?")
    assert condition.summary.endswith(".")
    assert len(condition.synonyms) >= 3


@each_condition
def test_its_findings_suit_its_sex(condition: Condition) -> None:
    share = {"female": condition.prevalence.female, "male": 1 - condition.prevalence.female}
    for sex, rule in SINGLE_SEX_RULES.items():
        if share[sex] == 0:
            assert not set(condition.findings) & set(RULES[rule])


def test_no_name_means_two_conditions() -> None:
    owners = defaultdict(set)
    for condition in CONDITIONS:
        for name in (condition.name, *condition.synonyms):
            owners[spelled_alike(name)].add(condition.id)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_names_findings_that_exist(rule: str) -> None:
    rows = RULES[rule]
    named = {finding for row in rows for finding in (row if isinstance(row, list) else [row])}
    assert named <= set(KNOWLEDGE.findings)


def test_an_exclusive_group_names_at_least_two_findings() -> None:
    assert all(len(set(group)) >= 2 for group in RULES["exclusive"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Heart attack", "acute_myocardial_infarction"),
        ("STEMI", "acute_myocardial_infarction"),
        ("pulmonary embolus", "pulmonary_embolism"),
        ("Crohn's disease", "crohn_disease"),
        ("iron deficiency anemia", "iron_deficiency_anaemia"),
        ("Pheochromocytoma", "phaeochromocytoma"),
        ("Guillain-Barre syndrome", "guillain_barre_syndrome"),
        ("erdheim chester disease", "erdheim_chester_disease"),
        ("  Sub-arachnoid haemorrhage (SAH) ", None),
        ("Subarachnoid hemorrhage (aneurysmal)", "subarachnoid_haemorrhage"),
        ("Chikungunya", None),
        ("", None),
    ],
)
def test_a_free_text_name_finds_its_condition(name: str, expected: str | None) -> None:
    condition = KNOWLEDGE.condition_named(name)
    assert (condition.id if condition else None) == expected


def test_every_condition_is_found_under_its_own_names() -> None:
    for condition in CONDITIONS:
        assert all(KNOWLEDGE.condition_named(name) is condition for name in (condition.name, *condition.synonyms))


@pytest.mark.parametrize(
    ("age", "band"), [(0, "child"), (15, "child"), (16, "young"), (39, "young"), (64, "middle"), (65, "older"), (104, "older")]
)
def test_an_age_falls_in_its_band(age: int, band: str) -> None:
    assert age_band(age).value == band


@pytest.mark.parametrize("phrase", ["BP {high}", "T {39.1..38.0}", "HR 120}"])
def test_a_wrongly_written_range_is_refused(phrase: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(repr(phrase))):
        Phrasings(measured=(phrase,))
