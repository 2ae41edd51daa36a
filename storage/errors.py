"""One error for everything that can go wrong with what is kept, in one sentence that says what to do."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StorageError(RuntimeError):
    """Something could not be kept or found; the message says what to do and holds no patient text."""


_DAMAGED = "{place} is damaged or is not a Soliloquy database: move it away and put a backup copy in its place."

_MESSAGES = {
    sqlite3.SQLITE_BUSY: "{place} is locked by another program: close the other one, or wait a moment, and try again.",
    sqlite3.SQLITE_LOCKED: "{place} is locked by another program: close the other one, or wait a moment, and try again.",
    sqlite3.SQLITE_READONLY: "{place} is read-only: allow writing to the file and its folder, or set SOLILOQUY_HOME to another folder.",
    sqlite3.SQLITE_PERM: "{place} is read-only: allow writing to the file and its folder, or set SOLILOQUY_HOME to another folder.",
    sqlite3.SQLITE_FULL: "The disk that holds {place} is full: free some space and try again.",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: "{place} cannot be opened: check that it is a file you may read and write, or set SOLILOQUY_HOME.",
    sqlite3.SQLITE_IOERR: "The disk that holds {place} reports an error: check the disk, then try again.",
    sqlite3.SQLITE_CONSTRAINT: "This conflicts with what {place} already holds: reload and try again.",
}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn database and disk errors into a StorageError about `place`; the cause is dropped, for it may quote the note."""
    try:
        yield
    except PoolTimeout:
        raise StorageError(_MESSAGES[sqlite3.SQLITE_BUSY].format(place=place)) from None
    except DBAPIError as error:
        raise _from_sqlite(error.orig, place) from None
    except sqlite3.Error as error:
        raise _from_sqlite(error, place) from None
    except OSError as error:
        raise _from_disk(error, place) from None


def _from_sqlite(error: BaseException | None, place: str) -> StorageError:
    # The low byte is the primary code; the rest only says which kind of, say, "busy" it is.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _MESSAGES:
        return StorageError(_MESSAGES[code].format(place=place))
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StorageError(f"{place} could not be used ({name}): restart the program, and report this if it happens again.")


def _from_disk(error: OSError, place: str) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(_MESSAGES[sqlite3.SQLITE_FULL].format(place=place))
    reason = (error.strerror or type(error).__name__).lower()
    return StorageError(f"{place} cannot be written ({reason}): choose a folder you may write to.")
