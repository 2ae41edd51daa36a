"""Opening the database, and the two ways to use it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.orm import Session, sessionmaker

from storage.errors import StorageError, explained
from storage.settings import read_settings, read_url
from storage.sqlite import sqlite_engine
from storage.upgrade import upgrade

BUSY_TIMEOUT = 10.0


class Database:
    """An open database. Safe to share between threads; every session belongs to one."""

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self.path = path
        self._engine = sqlite_engine(URL.create("sqlite", database=str(path)), busy_timeout)
        self._reader = sessionmaker(self._engine, expire_on_commit=False)
        self._writer = sessionmaker(self._engine.execution_options(write=True), expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot, whatever is written meanwhile.

        Raises StorageError.
        """
        with explained(str(self.path)), self._reader() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock and commits at the end, or leaves nothing behind.

        Raises StorageError.
        """
        with explained(str(self.path)), self._writer.begin() as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def open_database(url: str | URL | Path | None = None, *, busy_timeout: float = BUSY_TIMEOUT) -> Database:
    """Open the database of the settings, or another one; make or upgrade it first where needed.

    `busy_timeout` is how many seconds to wait for another writer.
    Raises StorageError that says what to do.
    """
    path = url.absolute() if isinstance(url, Path) else database_path(url)
    _make_folder(path.parent)
    _make_private(path)
    upgrade(path, busy_timeout)
    return Database(path, busy_timeout)


def database_path(url: str | URL | None = None) -> Path:
    """The file of the settings' database, or of another address; it need not exist.

    Raises StorageError.
    """
    url = read_settings().url() if url is None else read_url(url) if isinstance(url, str) else url
    if url.get_backend_name() != "sqlite":
        raise StorageError("Only SQLite databases are supported: give an address such as sqlite:////full/path/to/soliloquy.db.")
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:") or url.query:
        raise StorageError("The database must be a plain file: give an address such as sqlite:////full/path/to/soliloquy.db.")
    return Path(name).expanduser().absolute()


def _make_folder(folder: Path) -> None:
    try:
        # Only its owner may look in: the notes are patients' notes.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise StorageError(f"The folder {folder} cannot be created ({reason}): set SOLILOQUY_HOME to a folder you may write to.") from None


def _make_private(path: Path) -> None:
    # An empty file is a new database to SQLite, and its journal takes over the file's permissions.
    with explained(str(path)), suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
