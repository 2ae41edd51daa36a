"""Bring a database file to the shape this program knows, and keep a copy of the old one first."""

import os
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, inspect, text

from storage.columns import now
from storage.errors import StorageError, explained
from storage.sqlite import copy_database, missing_triggers, sqlite_engine


def packaged_scripts() -> Path:
    """The migrations that came with the program."""
    return Path(str(resources.files("storage") / "migrations"))


def alembic_config(connection: Connection, scripts: Path | None = None) -> Config:
    """Alembic's configuration in code, so that an installed wheel needs no ini file."""
    config = Config()
    # A percent sign in the path would be read as interpolation.
    config.set_main_option("script_location", str(scripts or packaged_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(path: Path, busy_timeout: float, scripts: Path | None = None) -> Path | None:
    """Create or upgrade the database at `path`; returns the backup copy when an older one was upgraded.

    Raises StorageError when the file is newer than the program, foreign, damaged, locked, or has lost its triggers.
    """
    # An engine of its own: foreign keys must be off while a table is rebuilt, and that cannot change inside a transaction.
    engine = sqlite_engine(URL.create("sqlite", database=str(path)), busy_timeout, foreign_keys=False, poolclass=NullPool)
    try:
        # One immediate transaction around it all: two programs that start together take turns, and a failure leaves the old shape.
        with explained(str(path)), engine.connect().execution_options(write=True) as connection, connection.begin():
            return _upgrade(connection, path, scripts)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, path: Path, scripts: Path | None) -> Path | None:
    config = alembic_config(connection, scripts)
    known = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None and set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise StorageError(f"{path} belongs to another program: set SOLILOQUY_DATABASE_URL to a file of Soliloquy's own.")
    if current is not None and current not in {script.revision for script in known.walk_revisions()}:
        raise StorageError(f"{path} was written by a newer version of Soliloquy: update the program, or restore an older backup copy.")
    backup = None
    if current != known.get_current_head():
        if current is not None:
            backup = _back_up(path, current)
        command.upgrade(config, "head")
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise StorageError(f"{path} could not be upgraded, and was left as it was: restore a backup copy, or report this.")
    if missing_triggers(connection):
        raise StorageError(f"{path} has lost the guards that keep feedback unchanged: restore a backup copy.")
    return backup


def _back_up(path: Path, revision: str) -> Path:
    backup = path.with_name(f"{path.stem}.before-upgrade-from-{revision}-{now():%Y%m%dT%H%M%S%fZ}.db")
    # Made private before the first byte is in it.
    os.close(os.open(backup, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        copy_database(str(path), str(backup))
    except BaseException:
        # Half a copy must never pass for a copy.
        backup.unlink(missing_ok=True)
        raise
    return backup
