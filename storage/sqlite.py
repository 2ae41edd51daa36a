"""All that is said to SQLite in its own words."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, Pool, QueuePool, create_engine, event, text

APPEND_ONLY = {"feedback_no_update": "feedback", "feedback_no_delete": "feedback"}
"""Trigger name and the table it guards."""


def sqlite_engine(url: URL, busy_timeout: float, *, foreign_keys: bool = True, poolclass: type[Pool] = QueuePool) -> Engine:
    """An engine whose transactions are what they say: readers see a snapshot, writers queue instead of failing half-way."""
    # hide_parameters: an error message must never carry the note.
    engine = create_engine(url, hide_parameters=True, poolclass=poolclass, connect_args={"timeout": busy_timeout})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, record: Any) -> None:
        # None: the driver must not open transactions of its own behind the "begin" event below.
        connection.isolation_level = None
        # The built-in one lowers ASCII only, so a search for "ménière" would miss "Ménière".
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (
            f"busy_timeout={round(busy_timeout * 1000)}",
            "journal_mode=WAL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            # Without it INSERT OR REPLACE slips past the append-only triggers.
            "recursive_triggers=ON",
            "synchronous=FULL",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once; a reader that turns writer half-way would fail when another one wrote meanwhile.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def missing_triggers(connection: Connection) -> set[str]:
    """Names of the append-only triggers that are gone or hollow."""
    rows = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    present = {name for name, table, sql in rows if APPEND_ONLY.get(name) == table and "RAISE(ABORT" in sql}
    return set(APPEND_ONLY) - present


def copy_database(source: str, target: str) -> None:
    """A copy of a live database, taken through SQLite so that nothing in the journal is missed."""
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
    finally:
        writer.close()
        reader.close()


def _lower(value: str | float | bytes | None) -> str | float | bytes | None:
    return value.lower() if isinstance(value, str) else value
