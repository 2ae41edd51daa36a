"""What the environment says."""

from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.settings import read_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "DATABASE_URL", "MODEL", "MODEL_WIDTH", "LOG_LEVEL"):
        monkeypatch.delenv(f"SOLILOQUY_{name}", raising=False)


def test_without_a_word_everything_has_a_default() -> None:
    settings = read_settings()
    assert (settings.model, settings.model_width, settings.log_level) == ("demo", 8, "INFO")
    assert settings.home.is_absolute()
    assert settings.url().database == str(settings.home / "soliloquy.db")


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOLILOQUY_HOME", str(tmp_path))
    monkeypatch.setenv("SOLILOQUY_MODEL", "qwen3-8b")
    monkeypatch.setenv("SOLILOQUY_MODEL_WIDTH", "2")
    monkeypatch.setenv("SOLILOQUY_LOG_LEVEL", "debug")
    settings = read_settings()
    assert (settings.home, settings.model, settings.model_width, settings.log_level) == (tmp_path, "qwen3-8b", 2, "DEBUG")


def test_an_address_wins_over_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOLILOQUY_HOME", str(tmp_path))
    monkeypatch.setenv("SOLILOQUY_DATABASE_URL", "sqlite:////srv/clinic.db")
    assert read_settings().url().database == "/srv/clinic.db"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLILOQUY_MODEL", "")
    assert read_settings().model == "demo"


def test_a_home_may_be_written_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLILOQUY_HOME", "~/soliloquy")
    assert read_settings().home == Path.home() / "soliloquy"


@pytest.mark.parametrize(("name", "value"), [("MODEL_WIDTH", "wide"), ("MODEL_WIDTH", "0"), ("LOG_LEVEL", "loud")])
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SOLILOQUY_{name}", value)
    with pytest.raises(StorageError, match=f"^SOLILOQUY_{name} cannot be used"):
        read_settings()
