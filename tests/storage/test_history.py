"""Finding runs again."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import update
from stored_examples import NOTE, a_case, complete_run, queue

from reasoning.differential import Likelihood
from storage.database import Database
from storage.records import add_feedback, run_ids, search_history
from storage.tables import RunRow
from storage.values import RunFilter, RunStatus

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def found(database: Database, **wanted: object) -> list[str]:
    return [run.id for run in search_history(database, RunFilter.model_validate(wanted)).runs]


def dated(database: Database, run_id: str, when: datetime) -> str:
    with database.write() as session:
        session.execute(update(RunRow).where(RunRow.id == run_id).values(created_at=when))
    return run_id


def test_an_empty_history(database: Database) -> None:
    page = search_history(database)
    assert (page.runs, page.before) == ((), None)


def test_a_line_says_what_one_needs_to_choose_it(database: Database) -> None:
    run_id = complete_run(database, a_case(title="Chest pain", text=NOTE * 10))
    first = add_feedback(database, run_id, useful=True)
    add_feedback(database, run_id, useful=False, supersedes=first.id)
    (line,) = search_history(database).runs
    assert (line.id, line.title, line.strategy, line.model) == (run_id, "Chest pain", "majority_vote", "soliloquy/demo")
    assert line.excerpt == (NOTE * 10)[:160]
    assert (line.status, line.leading, line.likelihood) == (RunStatus.finished, "Myocardial infarction", Likelihood.very_likely)
    assert line.feedback == 1


def test_a_run_without_a_result_has_no_leading_diagnosis(database: Database) -> None:
    queue(database)
    (line,) = search_history(database).runs
    assert (line.status, line.leading, line.likelihood, line.finished_at) == (RunStatus.queued, None, None, None)


@pytest.mark.parametrize("words", ["chest pain", "CHEST", "crushing CHEST", "myocardial INF", "  sweating ", "54-year"])
def test_words_are_looked_for_in_title_note_and_diagnosis_whatever_their_case(database: Database, words: str) -> None:
    wanted = complete_run(database)
    complete_run(database, a_case(title="Cough", text="A boy with a cough and green sputum."), leading="Pneumonia")
    assert found(database, text=words) == [wanted]


@pytest.mark.parametrize("words", ["ménière", "MÉNIÈRE", "Me\u0301nie\u0300re"])
def test_words_beyond_ascii_are_found_whatever_their_case(database: Database, words: str) -> None:
    wanted = complete_run(database, leading="Ménière disease")
    complete_run(database)
    assert found(database, text=words) == found(database, diagnosis=words) == [wanted]


@pytest.mark.parametrize("words", ["%", "_", "100%", "a_b", "/", "\\"])
def test_wildcards_mean_themselves(database: Database, words: str) -> None:
    wanted = complete_run(database, a_case(title="", text=f"The saturation was {words} on air, he said."))
    complete_run(database)
    assert found(database, text=f"was {words} on") == [wanted]
    assert found(database, text=words) == [wanted]


def test_a_diagnosis_is_looked_for_in_results_alone(database: Database) -> None:
    wanted = complete_run(database, a_case(title="Cough"), leading="Chest pain, unspecified")
    complete_run(database)
    assert found(database, diagnosis="chest pain") == [wanted]


def test_strategy_and_status(database: Database) -> None:
    queued, finished = queue(database, strategy="vanilla"), complete_run(database)
    assert found(database, strategy="vanilla") == [queued]
    assert found(database, status="finished") == [finished]
    assert found(database, strategy="vanilla", status="finished") == []


def test_since_is_included_and_until_is_not(database: Database) -> None:
    days = [dated(database, queue(database), MONDAY + timedelta(days=day)) for day in range(3)]
    assert found(database, since=MONDAY + timedelta(days=1)) == [days[2], days[1]]
    assert found(database, until=MONDAY + timedelta(days=1)) == [days[0]]
    with pytest.raises(ValidationError):
        RunFilter(since=datetime(2026, 11, 16))


def test_blank_words_find_everything(database: Database) -> None:
    run_id = complete_run(database)
    assert found(database, text="  ", diagnosis="") == [run_id]


def test_pages_follow_each_other_without_gap_or_overlap(database: Database) -> None:
    runs = [dated(database, queue(database), MONDAY + timedelta(minutes=number // 3)) for number in range(10)]
    seen: list[str] = []
    before, pages = None, 0
    while True:
        page = search_history(database, limit=4, before=before)
        seen += [run.id for run in page.runs]
        pages += 1
        # A run that comes in meanwhile does not shift the pages after it.
        dated(database, queue(database), MONDAY + timedelta(days=1))
        if page.before is None:
            break
        before = page.before
    assert pages == 3
    assert len(seen) == 10
    assert set(seen) == set(runs)


def test_a_last_page_that_is_just_full_promises_no_further_one(database: Database) -> None:
    for _ in range(4):
        queue(database)
    assert search_history(database, limit=4).before is None


def test_ids_come_oldest_first_over_any_number_of_pages(database: Database) -> None:
    runs = [queue(database) for _ in range(3)]
    many = [dated(database, each, MONDAY + timedelta(days=day)) for day, each in enumerate(reversed(runs))]
    assert list(run_ids(database)) == many
