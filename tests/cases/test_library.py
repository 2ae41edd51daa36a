"""The built-in library: every case can be opened, its quotations are exact, and nothing gives the answer away."""

import re
from collections import Counter

import pytest

from cases.case import Origin, read_case
from cases.knowledge import load_knowledge
from cases.library import LibraryCase, Register, load_library, to_case

LIBRARY = load_library()
each_case = pytest.mark.parametrize("library_case", LIBRARY, ids=lambda library_case: library_case.id)


def says(text: str, name: str) -> bool:
    """Whether a text contains a name as whole words, whatever the case."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def names_of(library_case: LibraryCase) -> tuple[str, ...]:
    condition = load_knowledge().condition_named(library_case.gold)
    return (library_case.gold, *(condition.synonyms if condition else library_case.acceptable))


def test_it_holds_at_least_28_cases_with_their_own_ids_titles_and_texts() -> None:
    assert len(LIBRARY) >= 28
    assert len({library_case.id for library_case in LIBRARY}) == len(LIBRARY)
    assert len({library_case.title for library_case in LIBRARY}) == len(LIBRARY)
    assert len({library_case.text for library_case in LIBRARY}) == len(LIBRARY)


def test_it_covers_at_least_24_conditions_a_third_of_them_not_to_be_missed() -> None:
    conditions = {condition.id: condition for c in LIBRARY if (condition := load_knowledge().condition_named(c.gold))}
    assert len(conditions) >= 24
    assert sum(condition.cannot_miss for condition in conditions.values()) * 3 >= len(conditions)
    assert len({condition.specialty for condition in conditions.values()}) >= 12


def test_it_is_written_in_varied_registers_and_difficulties() -> None:
    registers = Counter(library_case.note_register for library_case in LIBRARY)
    assert min(registers[Register.triage], registers[Register.letter], registers[Register.patient]) >= 5
    assert set(registers) == set(Register)
    difficulties = Counter(library_case.difficulty.value for library_case in LIBRARY)
    assert min(difficulties[level] for level in ("easy", "medium", "hard")) >= 4


def test_one_case_is_outside_the_knowledge_base() -> None:
    outside = [library_case for library_case in LIBRARY if library_case.outside_knowledge]
    assert len(outside) == 1
    assert all(load_knowledge().condition_named(name) is None for name in (outside[0].gold, *outside[0].acceptable))


def test_the_library_is_read_once() -> None:
    assert load_library() is load_library()


@each_case
def test_its_key_evidence_stands_verbatim_in_the_text(library_case: LibraryCase) -> None:
    assert 3 <= len(library_case.key_evidence) <= 6
    for quotation in library_case.key_evidence:
        assert quotation in to_case(library_case).text


@each_case
def test_its_diagnoses_are_names_of_the_knowledge_base(library_case: LibraryCase) -> None:
    canonical = {condition.name for condition in load_knowledge().conditions.values()}
    assert set(library_case.cannot_miss) <= canonical
    if not library_case.outside_knowledge:
        assert {library_case.gold, *library_case.acceptable} <= canonical
    assert library_case.gold not in library_case.acceptable


@each_case
def test_its_condition_is_among_those_not_to_be_missed_when_the_knowledge_says_so(library_case: LibraryCase) -> None:
    condition = load_knowledge().condition_named(library_case.gold)
    assert library_case.cannot_miss
    if condition and condition.cannot_miss and library_case.difficulty != "easy":
        assert condition.name in library_case.cannot_miss


@each_case
def test_its_title_and_id_do_not_give_the_answer_away(library_case: LibraryCase) -> None:
    for name in names_of(library_case):
        assert not says(library_case.title, name)
        assert not says(library_case.id.replace("-", " "), name)


@each_case
def test_its_text_does_not_name_the_answer(library_case: LibraryCase) -> None:
    assert not says(library_case.text, library_case.gold)


@each_case
def test_its_text_is_a_note_of_90_to_220_words_that_reads_cleanly(library_case: LibraryCase) -> None:
    assert 90 <= len(library_case.text.split()) <= 220
    case = read_case(library_case.text)
    assert case.text == library_case.text
    assert case.warnings == ()


@each_case
def test_its_teaching_is_three_to_five_sentences_and_names_the_trap(library_case: LibraryCase) -> None:
    assert 3 <= len(re.findall(r"\.(?= [A-Z0-9]|$)", library_case.teaching)) <= 5
    assert says(library_case.teaching, "trap")


@each_case
def test_it_becomes_a_case_with_its_answer(library_case: LibraryCase) -> None:
    case = to_case(library_case)
    assert case.id == f"library-{library_case.id}"
    assert case.origin is Origin.library
    assert case.title == library_case.title
    assert case.gold == library_case.gold
    condition = load_knowledge().condition_named(library_case.gold)
    assert case.gold_synonyms == (condition.synonyms if condition else library_case.acceptable)


def test_the_erdheim_chester_case_has_the_findings_of_the_paper_and_its_trap() -> None:
    library_case = next(c for c in LIBRARY if c.gold == "Erdheim-Chester disease")
    for finding in ("72-year-old man", "Polycythaemia vera", "lost 11 kg", "MCV 109", "platelets 58", "spleen", "perinephric", "femora"):
        assert finding in library_case.text
    assert library_case.difficulty == "hard"
    assert "Primary myelofibrosis" in library_case.cannot_miss
    assert "myelofibrosis" in library_case.teaching
    assert to_case(library_case).gold_synonyms[0] == "ECD"


def test_at_least_two_hard_cases_say_that_the_obvious_first_idea_is_wrong() -> None:
    wrong = [c for c in LIBRARY if c.difficulty == "hard" and "obvious first idea" in c.teaching]
    assert len(wrong) >= 2
