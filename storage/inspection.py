"""Looks at a database without touching it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from alembic.config import Config
from alembic.script import ScriptDirectory

from storage.upgrade import packaged_scripts


@dataclass(frozen=True)
class DatabaseState:
    """`state`: none (no file yet), ready, older, newer, foreign (another program's), damaged."""

    path: Path
    state: str
    runs: int = 0
    bytes: int = 0


def inspect_database(path: Path) -> DatabaseState:
    """What the file at `path` is. Nothing is created or changed."""
    if not path.exists() or path.stat().st_size == 0:
        return DatabaseState(path, "none")
    size = path.stat().st_size
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=2)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                return DatabaseState(path, "foreign" if tables else "none", bytes=size)
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0] if "runs" in tables else 0
    except (sqlite3.Error, OSError):
        return DatabaseState(path, "damaged", bytes=size)
    scripts = _scripts()
    known = {script.revision for script in scripts.walk_revisions()}
    revision = row[0] if row else None
    state = "ready" if revision == scripts.get_current_head() else "older" if revision in known or revision is None else "newer"
    return DatabaseState(path, state, runs, size)


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(packaged_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)
