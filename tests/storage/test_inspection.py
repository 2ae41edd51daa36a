"""Looking at a database changes nothing, whatever the file is."""

import sqlite3
from pathlib import Path

import pytest

from storage.database import Database
from storage.inspection import inspect_database
from tests.storage.stored_examples import complete_run


def test_no_file_stays_no_file(path: Path) -> None:
    assert inspect_database(path).state == "none"
    assert not path.parent.exists()


def test_a_database_in_use_is_ready_and_tells_its_runs(database: Database, path: Path) -> None:
    complete_run(database)
    found = inspect_database(path)
    assert (found.state, found.runs) == ("ready", 1)
    assert found.bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("CREATE TABLE songs (id INTEGER)", "foreign"),
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')", "newer"),
        ("CREATE TABLE alembic_version (version_num TEXT)", "older"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, statement: str, state: str) -> None:
    file = tmp_path / "odd name?#%.db"
    connection = sqlite3.connect(file)
    connection.executescript(statement)
    connection.close()
    before = file.read_bytes()
    assert inspect_database(file).state == state
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "soliloquy.db"
    file.write_bytes(b"no database" * 100)
    assert inspect_database(file).state == "damaged"
