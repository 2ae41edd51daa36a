import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, open_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be; there is none yet."""
    return tmp_path / "data" / "soliloquy.db"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: copying it is quicker than migrating for every test."""
    made = tmp_path_factory.mktemp("template") / "soliloquy.db"
    open_database(made).close()
    return made


@pytest.fixture
def database(path: Path, empty_database: Path) -> Iterator[Database]:
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    opened = open_database(path, busy_timeout=5)
    yield opened
    opened.close()
