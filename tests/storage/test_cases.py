"""A case is kept once and never changed."""

from stored_examples import NOTE, a_case

from storage.database import Database
from storage.records import find_case, save_case


def test_a_case_comes_back_as_it_went_in(database: Database) -> None:
    case = a_case(gold_synonyms=("heart attack", "MI"), warnings=("1 control character was removed.",))
    assert save_case(database, case) == case
    assert find_case(database, case.id) == case


def test_an_unknown_case_is_none(database: Database) -> None:
    assert find_case(database, "no such case") is None


def test_saving_a_case_twice_keeps_one(database: Database) -> None:
    case = a_case(id="library-1")
    assert save_case(database, case) == save_case(database, case) == case


def test_a_corrected_vignette_does_not_change_the_one_that_runs_were_made_on(database: Database) -> None:
    old = save_case(database, a_case(id="library-1"))
    new = save_case(database, a_case(id="library-1", text=NOTE + " Troponin is high."))
    assert new.id.startswith("library-1-")
    assert find_case(database, "library-1") == old
    assert save_case(database, a_case(id="library-1", text=NOTE + " Troponin is high.")) == new


def test_half_a_character_does_not_stop_a_case_from_being_kept(database: Database) -> None:
    kept = save_case(database, a_case(title="Pain \ud83d"))
    assert kept.title == "Pain ?"
    assert find_case(database, kept.id) == kept
