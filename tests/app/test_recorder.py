"""Trouble with the disk must not stop a run, and must not be hidden."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.recorder import Recorder
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.records import load_run
from storage.values import RunStatus
from tests.storage.stored_examples import complete_run, every_kind_of_event, queue


@pytest.fixture
def impatient(database: Database, path: Path) -> Iterator[Database]:
    """The same file, opened by somebody who waits for a lock hardly at all."""
    opened = open_database(path, busy_timeout=0.05)
    yield opened
    opened.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def test_events_that_came_while_the_database_was_locked_are_written_later(impatient: Database, path: Path) -> None:
    run = queue(impatient)
    events = every_kind_of_event()
    with Recorder(impatient, run, pause=0.0) as recorder:
        with locked(path):
            for event in events[:6]:
                recorder.write(event)
            assert "locked" in recorder.problem
        for event in events[6:]:
            recorder.write(event)
    assert recorder.problem == ""
    record = load_run(impatient, run)
    undisturbed = load_run(impatient, complete_run(impatient))
    assert record is not None
    assert undisturbed is not None
    assert [entry.event for entry in record.events] == [entry.event for entry in undisturbed.events]
    assert record.status == RunStatus.finished


def test_what_could_not_be_written_at_all_is_said(impatient: Database, path: Path) -> None:
    run = queue(impatient)
    recorder = Recorder(impatient, run, pause=0.0)
    with locked(path), recorder:
        for event in every_kind_of_event():
            recorder.write(event)
    assert "locked by another program" in recorder.problem


def test_a_run_that_is_over_takes_no_recorder(database: Database) -> None:
    with pytest.raises(StorageError, match="over"):
        Recorder(database, complete_run(database))
