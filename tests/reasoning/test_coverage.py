"""What real notes hold and the knowledge base does not."""

import pytest

from cases.benchmarks.notes import SourceNote
from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.coverage import cover, cover_all, holds
from reasoning.phrases import words_of

KNOWLEDGE = load_knowledge()
TEXT = "A 63-year-old woman with rigors, mowing lawns 3 times. Denies weight loss.\nSquirrel bite on the left elbow; tonsillectomy aged 7."
NOTE = SourceNote("one", TEXT)


def test_a_finding_is_told_with_its_name_its_polarity_and_its_words() -> None:
    found = {row.finding: row for row in cover(NOTE, KNOWLEDGE).findings}
    assert (found["high_fever_rigors"].name, found["high_fever_rigors"].stated) == ("rigors", True)
    assert (found["weight_loss"].stated, found["weight_loss"].words.removeprefix("Denies ")) == (False, "weight loss")
    assert all(TEXT[row.start : row.end] == row.words for row in found.values())


def test_only_words_that_say_something_are_missed() -> None:
    missed = cover(NOTE, KNOWLEDGE).uncovered
    assert [word.text for word in missed] == ["mowing", "lawns", "squirrel", "bite", "elbow"]
    assert all(TEXT[word.start : word.end].lower() == word.text for word in missed)


def test_every_word_is_counted_once() -> None:
    covered = cover(NOTE, KNOWLEDGE)
    assert covered.words["background"] == 3  # tonsillectomy aged 7
    assert covered.words["finding"] >= 3
    assert sum(covered.words.values()) == len(words_of(TEXT))


def test_pairs_stay_in_their_clause_and_a_number_loses_its_value() -> None:
    pairs = cover(NOTE, KNOWLEDGE).uncovered_pairs
    assert pairs == ("mowing lawns", "lawns #", "squirrel bite", "left elbow")


def test_clauses_that_say_nothing_do_not_count_against_the_knowledge_base() -> None:
    clauses = cover(NOTE, KNOWLEDGE).clauses
    assert (clauses.hits, clauses.n) == (2, 4)  # rigors | mowing | weight loss | bite; the tonsillectomy is background
    assert cover(SourceNote("none", "She is a woman of 40."), KNOWLEDGE).clauses.n == 0


def test_what_most_notes_miss_comes_first() -> None:
    notes = [SourceNote("a", "squirrel squirrel squirrel"), SourceNote("b", "a hedgehog"), SourceNote("c", "two hedgehogs, one hedgehog")]
    missed = cover_all(notes, KNOWLEDGE).missed_words
    assert [(row.words, row.notes, row.times) for row in missed] == [("hedgehog", 2, 2), ("squirrel", 1, 3), ("hedgehogs", 1, 1)]


def test_findings_never_seen_and_diagnoses_without_a_condition_are_listed() -> None:
    notes = [
        SourceNote("a", TEXT, (("Pulmonary embolism",), ("Werewolf syndrome", "Hypertrichosis"))),
        SourceNote("b", TEXT, (("Werewolf syndrome",), ("Nobody's name for it", "Heart attack"))),
    ]
    covered = cover_all(notes, KNOWLEDGE)
    assert covered.unknown_diagnoses == (("Werewolf syndrome", 2),)
    assert covered.diagnoses == 4
    assert "rigors" not in covered.never_seen
    assert len(covered.never_seen) == len(KNOWLEDGE.findings) - len({row.finding for row in covered.notes[0].findings})


@pytest.mark.parametrize(
    ("name", "known"), [("STEMI", True), ("Acute myocardial infarction with cardiogenic shock", True), ("Molluscum contagiosum", False)]
)
def test_a_diagnosis_is_held_whatever_circumstance_its_name_adds(name: str, known: bool) -> None:
    assert holds(name, KNOWLEDGE) is known


def test_generated_notes_are_covered_far_better_than_a_foreign_one() -> None:
    own = cover_all([SourceNote(str(i), generate_case(920_000 + i, "train", KNOWLEDGE).case.text) for i in range(20)], KNOWLEDGE)
    assert own.recognised_words.value > 0.85
    assert cover(NOTE, KNOWLEDGE).words["uncovered"] > cover(NOTE, KNOWLEDGE).words["finding"]


def test_an_empty_file_of_notes_divides_by_nothing() -> None:
    assert cover_all([], KNOWLEDGE).recognised_words.value == 0
