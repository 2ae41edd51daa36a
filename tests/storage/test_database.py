"""Opening a database, sharing it, and what is said when that cannot be done."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from stored_examples import NOTE, a_case, complete_run, queue

from storage.columns import now
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.records import load_run, save_case
from storage.tables import EventRow


def test_opening_makes_the_folder_and_a_file_that_only_its_owner_can_read(path: Path) -> None:
    open_database(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opening_again_finds_what_was_kept(path: Path) -> None:
    first = open_database(path)
    run_id = complete_run(first)
    first.close()
    assert load_run(open_database(path), run_id) is not None


def test_the_settings_say_where_the_database_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLILOQUY_DATABASE_URL", raising=False)
    monkeypatch.setenv("SOLILOQUY_HOME", str(tmp_path / "a folder with % and ?"))
    open_database().close()
    assert (tmp_path / "a folder with % and ?" / "soliloquy.db").exists()


def test_an_address_is_taken_too(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/elsewhere.db").close()
    assert (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("busy_timeout", 5000),
        ("synchronous", 2),
        ("trusted_schema", 0),
    ],
)
def test_every_connection_is_set_up_for_safety(database: Database, pragma: str, value: object) -> None:
    with database.read() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_failed_write_leaves_nothing_behind(database: Database) -> None:
    run_id = queue(database)

    def fail_half_way() -> None:
        with database.write() as session:
            session.execute(text("UPDATE runs SET strategy = 'changed'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    run = load_run(database, run_id)
    assert run is not None
    assert run.strategy == "majority_vote"


def test_eight_threads_that_read_and_then_write_lose_nothing(database: Database) -> None:
    run_id = queue(database)

    def append(thread: int) -> None:
        for _ in range(50):
            with database.write() as session:
                last = session.scalar(select(func.max(EventRow.sequence)).where(EventRow.run_id == run_id)) or 0
                session.add(EventRow(run_id=run_id, sequence=last + 1, kind="text", payload={}, at=now()))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(append, range(8)))
    with database.read() as session:
        assert session.scalars(select(EventRow.sequence).order_by(EventRow.sequence)).all() == list(range(1, 401))


def test_programs_that_start_together_make_one_database(path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: open_database(path, busy_timeout=20), range(4)))
    assert len({save_case(each, a_case(id="one")).id for each in opened}) == 1


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    run_id = queue(database)
    with database.write() as session:
        session.execute(text("UPDATE runs SET strategy = 'changed'"))
        seen = load_run(database, run_id)
    assert seen is not None
    assert seen.strategy == "majority_vote"


def test_a_database_locked_by_another_program(path: Path) -> None:
    database = open_database(path, busy_timeout=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="is locked by another program: close the other one"):
        save_case(database, a_case())
    with pytest.raises(StorageError, match="is locked"):
        open_database(path, busy_timeout=0.05)
    other.execute("ROLLBACK")
    save_case(database, a_case())


def test_a_database_that_may_not_be_written(database: Database) -> None:
    event.listen(database._engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(StorageError, match="is read-only: allow writing"):
        save_case(database, a_case())


def test_a_full_disk(database: Database) -> None:
    # SQLite's own limit stands for the disk: the page after the last one is refused just so.
    event.listen(database._engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageError, match=r"^The disk that holds .* is full: free some space"):
        save_case(database, a_case(text=NOTE * 1000))


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear colleague, " * 500)
    with pytest.raises(StorageError, match="is damaged or is not a Soliloquy database: move it away"):
        open_database(path)
    assert path.read_text().startswith("Dear colleague")


def test_a_damaged_database(path: Path) -> None:
    opened = open_database(path)
    complete_run(opened)
    opened.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        open_database(path)


def test_a_database_of_another_program(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(StorageError, match="belongs to another program"):
        open_database(path)


def test_a_database_of_a_newer_version(path: Path) -> None:
    open_database(path).close()
    other = sqlite3.connect(path)
    other.execute("UPDATE alembic_version SET version_num = '9999'")
    other.commit()
    other.close()
    with pytest.raises(StorageError, match="newer version of Soliloquy: update the program"):
        open_database(path)


@pytest.mark.parametrize("change", ["DROP TRIGGER feedback_no_update", "DROP TRIGGER feedback_no_delete"])
def test_a_database_without_its_guards(path: Path, change: str) -> None:
    open_database(path).close()
    other = sqlite3.connect(path)
    other.execute(change)
    other.close()
    with pytest.raises(StorageError, match="has lost the guards that keep feedback unchanged"):
        open_database(path)


def test_a_hollow_guard_does_not_pass_for_one(path: Path) -> None:
    open_database(path).close()
    other = sqlite3.connect(path)
    other.execute("DROP TRIGGER feedback_no_update")
    other.execute("CREATE TRIGGER feedback_no_update BEFORE UPDATE ON feedback BEGIN SELECT 1; END")
    other.close()
    with pytest.raises(StorageError, match="has lost the guards"):
        open_database(path)


def test_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot be created .*: set SOLILOQUY_HOME"):
        open_database(tmp_path / "file" / "data" / "soliloquy.db")


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        open_database(tmp_path)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://clinic:secret@host/db", "Only SQLite"),
        ("sqlite://", "must be a plain file"),
        ("sqlite:///:memory:", "must be a plain file"),
        ("sqlite:///file:x.db?mode=ro&uri=true", "must be a plain file"),
        ("secret", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used(address: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        open_database(address)
    assert "secret" not in str(caught.value)


def test_no_error_quotes_the_note(path: Path) -> None:
    database = open_database(path)
    save_case(database, a_case(id="one"))
    with pytest.raises(StorageError) as caught, database.write() as session:
        session.execute(
            text("INSERT INTO cases SELECT id, title, :note, text_sha256, origin, gold, gold_synonyms, warnings, created_at FROM cases"),
            {"note": NOTE},
        )
    assert "conflicts with what" in str(caught.value)
    assert "chest pain" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
