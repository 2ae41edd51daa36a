"""What people said is only ever added to."""

import pytest
from sqlalchemy import text
from stored_examples import complete_run, queue

from storage.database import Database
from storage.errors import StorageError
from storage.records import add_feedback, feedback_for, load_run
from storage.values import FeedbackKind, Verdict


def test_feedback_on_a_run_comes_back(database: Database) -> None:
    run_id = complete_run(database)
    given = add_feedback(database, run_id, useful=True, comment="Good for teaching – ménière", actor="dr-k")
    assert given.kind is FeedbackKind.run
    assert given.created_at.tzinfo is not None
    assert feedback_for(database, run_id) == (given,)


def test_feedback_on_a_hypothesis_points_at_it(database: Database) -> None:
    run_id = complete_run(database)
    given = add_feedback(
        database, run_id, diagnosis="Pneumonia", verdict=Verdict.disagree, reason="No fever", right_diagnosis="Myocardial infarction"
    )
    assert given.kind is FeedbackKind.hypothesis
    with database.read() as session:
        pointed = session.scalar(text("SELECT diagnosis FROM hypotheses WHERE id = (SELECT hypothesis_id FROM feedback)"))
    assert pointed == "Pneumonia"


def test_feedback_on_a_diagnosis_that_only_a_sample_named_keeps_its_words(database: Database) -> None:
    run_id = complete_run(database)
    assert add_feedback(database, run_id, diagnosis="Pleurisy", verdict=Verdict.agree).diagnosis == "Pleurisy"


def test_a_second_opinion_stands_beside_the_first(database: Database) -> None:
    run_id = complete_run(database)
    both = (add_feedback(database, run_id, useful=True, actor="a"), add_feedback(database, run_id, useful=False, actor="b"))
    assert feedback_for(database, run_id) == both


def test_a_change_of_mind_is_a_new_entry(database: Database) -> None:
    run_id = complete_run(database)
    first = add_feedback(database, run_id, useful=True)
    second = add_feedback(database, run_id, useful=False, supersedes=first.id)
    assert feedback_for(database, run_id) == (second,)
    assert feedback_for(database, run_id, superseded=True) == (first, second)
    run = load_run(database, run_id)
    assert run is not None
    assert run.feedback == (first, second)


def test_feedback_that_is_taken_back_no_longer_stands_but_is_kept(database: Database) -> None:
    run_id = complete_run(database)
    first = add_feedback(database, run_id, useful=True)
    add_feedback(database, run_id, supersedes=first.id, retracted=True)
    assert feedback_for(database, run_id) == ()
    assert len(feedback_for(database, run_id, superseded=True)) == 2


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE feedback SET comment = 'changed'",
        "DELETE FROM feedback",
        "INSERT OR REPLACE INTO feedback SELECT id, run_id, hypothesis_id, kind, diagnosis, useful, verdict, reason, right_diagnosis, "
        "'changed', actor, created_at, supersedes, retracted FROM feedback",
        "DELETE FROM runs",
    ],
)
def test_the_database_itself_refuses_to_change_feedback(database: Database, attack: str) -> None:
    run_id = complete_run(database)
    given = add_feedback(database, run_id, comment="first")
    with pytest.raises(StorageError), database.write() as session:
        session.execute(text(attack))
    assert feedback_for(database, run_id) == (given,)


def test_an_entry_is_replaced_once(database: Database) -> None:
    run_id = complete_run(database)
    first = add_feedback(database, run_id, useful=True)
    add_feedback(database, run_id, useful=False, supersedes=first.id)
    with pytest.raises(StorageError, match="replaced in the meantime"):
        add_feedback(database, run_id, useful=True, supersedes=first.id)


def test_an_entry_of_another_run_cannot_be_replaced(database: Database) -> None:
    first = add_feedback(database, complete_run(database), useful=True)
    with pytest.raises(StorageError, match="not of this run"):
        add_feedback(database, complete_run(database), useful=False, supersedes=first.id)


def test_feedback_must_say_something(database: Database) -> None:
    with pytest.raises(StorageError, match="is empty"):
        add_feedback(database, queue(database))
    with pytest.raises(StorageError, match="Only feedback that was given"):
        add_feedback(database, queue(database), retracted=True)


def test_feedback_needs_a_run(database: Database) -> None:
    with pytest.raises(StorageError, match="no such run"):
        add_feedback(database, "no such run", useful=True)
