"""The shape of the database: made, undone, made again, and never away from what the program believes."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, inspect, text
from stored_examples import complete_run

from storage.database import open_database
from storage.errors import StorageError
from storage.records import load_run
from storage.sqlite import missing_triggers, sqlite_engine
from storage.tables import Base
from storage.upgrade import alembic_config, packaged_scripts, upgrade

SECOND = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"

def upgrade():
    op.add_column("cases", sa.Column("ward", sa.String()))
    {more}
"""


@contextmanager
def connected(path: Path) -> Iterator[Connection]:
    engine = sqlite_engine(URL.create("sqlite", database=str(path)), 5, foreign_keys=False)
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection
    engine.dispose()


@pytest.fixture
def old(path: Path) -> Path:
    """A database of this version, to be upgraded to a made-up next one."""
    database = open_database(path)
    complete_run(database)
    database.close()
    return path


def scripts_with(tmp_path: Path, more: str = "pass") -> Path:
    scripts = tmp_path / "scripts"
    shutil.copytree(packaged_scripts(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0002_next.py").write_text(SECOND.format(more=more))
    return scripts


def test_up_down_and_up_again(path: Path) -> None:
    open_database(path).close()
    with connected(path) as connection:
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    open_database(path).close()
    with connected(path) as connection:
        assert missing_triggers(connection) == set()
        assert set(Base.metadata.tables) < set(inspect(connection).get_table_names())


def test_the_migrations_make_the_tables_that_the_program_believes_in(path: Path) -> None:
    open_database(path).close()
    with connected(path) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_check_the_values_that_the_program_allows(path: Path) -> None:
    """Alembic does not compare CHECK constraints, so the SQL of both is compared here."""
    open_database(path).close()
    believed = create_engine("sqlite://")
    Base.metadata.create_all(believed)

    def checks(connection: Connection) -> dict[str, list[str]]:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"))
        return {name: sorted(re.findall(r"CONSTRAINT \"?(ck_.*)", sql)) for name, sql in rows}

    with connected(path) as migrated, believed.connect() as from_program:
        strip = {name: [line.rstrip(", ") for line in lines] for name, lines in checks(migrated).items()}
        assert strip == {name: [line.rstrip(", ") for line in lines] for name, lines in checks(from_program).items()}
        assert strip["runs"]


def test_an_upgrade_first_makes_a_copy_beside_the_file(old: Path, tmp_path: Path) -> None:
    backup = upgrade(old, 5, scripts_with(tmp_path))
    assert backup is not None
    assert backup.parent == old.parent
    assert backup.stat().st_mode & 0o077 == 0
    assert columns(old, "cases") - columns(backup, "cases") == {"ward"}
    restored = open_database(backup)
    with restored.read() as session:
        assert load_run(restored, session.scalars(text("SELECT id FROM runs")).one()) is not None


def test_opening_without_an_upgrade_makes_no_copy(old: Path) -> None:
    assert upgrade(old, 5) is None
    assert [each.name for each in old.parent.glob("*.before-upgrade*")] == []


def test_an_upgrade_that_fails_leaves_the_old_shape(old: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        upgrade(old, 5, scripts_with(tmp_path, more="1 / 0"))
    assert "ward" not in columns(old, "cases")
    open_database(old).close()


def test_rebuilding_a_table_does_not_take_what_belongs_to_it_along(old: Path, tmp_path: Path) -> None:
    rebuild = 'with op.batch_alter_table("runs", recreate="always") as runs: runs.add_column(sa.Column("room", sa.String()))'
    upgrade(old, 5, scripts_with(tmp_path, more=rebuild))
    with connected(old) as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar() == 11


def test_an_upgrade_that_loses_the_guards_is_undone(old: Path, tmp_path: Path) -> None:
    rebuild = 'with op.batch_alter_table("feedback", recreate="always") as feedback: feedback.add_column(sa.Column("room", sa.String()))'
    with pytest.raises(StorageError, match="has lost the guards"):
        upgrade(old, 5, scripts_with(tmp_path, more=rebuild))
    open_database(old).close()


def columns(path: Path, table: str) -> set[str]:
    connection = sqlite3.connect(path)
    names = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()
    return names
