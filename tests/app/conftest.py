"""A database for each test, and the tiny model of the engine's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from storage.database import Database, open_database
from tests.reasoning.conftest import _one_thread, folder
from tests.storage.conftest import database, empty_database, path

__all__ = ["_one_thread", "database", "empty_database", "folder", "path"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of one's own, with the engine that needs no model."""
    folder = tmp_path / "home"
    for name in ("DATABASE_URL", "MODEL", "MODEL_WIDTH", "LOG_LEVEL"):
        monkeypatch.delenv(f"SOLILOQUY_{name}", raising=False)
    monkeypatch.setenv("SOLILOQUY_HOME", str(folder))
    monkeypatch.setenv("SOLILOQUY_ENGINE", "scripted")
    monkeypatch.setenv("SOLILOQUY_SCRIPTED_DELAY", "0")
    return folder


@pytest.fixture
def kept(home: Path) -> Iterator[Database]:
    """The database of that folder, to see what a command left there."""
    opened = open_database(home / "soliloquy.db")
    yield opened
    opened.close()


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()
