"""The model server of the settings: what must be said before a note goes there, and what is refused."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.models import engine_loader
from app.remote import described_as, destination, is_remote
from reasoning.engines.engine import EngineError
from storage.errors import StorageError
from storage.settings import Settings, read_settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that names a server."""
    for name, value in {
        "HOME": str(tmp_path),
        "MODEL": "remote",
        "REMOTE_URL": "https://gpu.example.org:8000",
        "REMOTE_KEY": "s3cret",
    }.items():
        monkeypatch.setenv(f"SOLILOQUY_{name}", value)
    monkeypatch.delenv("SOLILOQUY_ENGINE", raising=False)


def test_only_the_name_remote_means_the_server() -> None:
    assert is_remote("remote")
    assert is_remote("remote:Qwen/Qwen3-32B")
    assert not is_remote("remote-sensing/model")


def test_notes_go_to_a_server_only_when_a_setting_asks_for_it(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert destination(read_settings()) == "gpu.example.org"
    assert destination(read_settings(), "demo") == ""
    monkeypatch.setenv("SOLILOQUY_MODEL", "demo")
    assert destination(read_settings()) == ""
    assert destination(read_settings(), "remote:m") == "gpu.example.org"


def test_the_key_is_never_shown(served: None) -> None:
    settings = read_settings()
    assert settings.remote_key is not None
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_server_without_an_address_says_which_setting_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOLILOQUY_REMOTE_URL", raising=False)
    with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_URL"):
        engine_loader(Settings(), "remote")()


def test_an_adapter_of_this_machine_cannot_be_taken_there(served: None, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_ADAPTERS"):
        engine_loader(read_settings(), "remote", adapters={"longstep": tmp_path})()


def test_an_unencrypted_way_is_refused_before_anything_is_sent(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLILOQUY_REMOTE_URL", "http://gpu.example.org:8000")
    with pytest.raises(EngineError, match="unencrypted"):
        engine_loader(read_settings(), "remote")()


def test_adapters_are_written_as_pairs(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLILOQUY_REMOTE_ADAPTERS", "longstep=clinic-a, longmonolog = clinic-b")
    assert read_settings().remote_adapters == {"longstep": "clinic-a", "longmonolog": "clinic-b"}
    monkeypatch.setenv("SOLILOQUY_REMOTE_ADAPTERS", "longstep")
    with pytest.raises(StorageError, match="SOLILOQUY_REMOTE_ADAPTERS cannot be used"):
        read_settings()


def test_what_a_preset_knows_of_a_model_holds_for_the_server_too() -> None:
    known = described_as("Qwen/Qwen3-32B")
    assert known["parameters"] == 32_800_000_000
    assert not known["demonstration"]
    assert described_as("something-else") == {}


@pytest.mark.parametrize(
    ("host", "told", "role"),
    [
        ("gpu.example.org", "The note leaves this machine: it is sent to the model server at gpu.example.org.", "alert"),
        ("127.0.0.1", "The note is sent to a model server on this machine (127.0.0.1).", "status"),
        ("", "The note stays on this machine.", ""),
        ("<b>x", "&lt;b&gt;x", "alert"),
    ],
)
def test_the_form_says_where_the_note_goes(host: str, told: str, role: str) -> None:
    def page(host: str) -> None:
        from app.ui.compose import draw_destination

        draw_destination(host)

    shown = AppTest.from_function(page, args=(host,)).run()
    html = " ".join(element.proto.body for element in shown.get("html"))
    assert told in html
    assert (f'role="{role}"' in html) if role else "role=" not in html
