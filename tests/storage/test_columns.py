"""Times keep their zone, and text is always text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import update
from sqlalchemy.exc import StatementError
from stored_examples import queue

from storage.database import Database
from storage.records import load_run
from storage.tables import RunRow


def test_an_aware_time_comes_back_aware_and_in_utc(database: Database) -> None:
    run_id = queue(database)
    noon_in_india = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.write() as session:
        session.execute(update(RunRow).values(created_at=noon_in_india))
    run = load_run(database, run_id)
    assert run is not None
    assert run.created_at == noon_in_india
    assert run.created_at.tzinfo is UTC or run.created_at.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(database: Database) -> None:
    queue(database)
    with pytest.raises(StatementError, match="without a zone"), database.write() as session:
        session.execute(update(RunRow).values(created_at=datetime(2026, 11, 20)))


def test_a_value_outside_the_choice_is_refused(database: Database) -> None:
    queue(database)
    with pytest.raises(StatementError), database.write() as session:
        session.execute(update(RunRow).values(status="asleep"))
