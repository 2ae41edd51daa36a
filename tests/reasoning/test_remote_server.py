"""The remote engine against a real server: `transformers serve` with the shipped demonstration model, offline, on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.remote import described_as
from cases.generator import generate_case
from reasoning.conventions import OWN
from reasoning.engines.engine import Chunk, EngineError, Message, Phase, Request, Sampling
from reasoning.engines.local import LocalEngine
from reasoning.engines.remote.remote import RemoteEngine
from reasoning.engines.remote.settings import RemoteSettings
from reasoning.presets import presets
from reasoning.prompts import render

MODEL = presets()["demo"].location
CASE = generate_case(3, "heldout").case
THINK = Phase("thinking", "<think>\n", 12, "</think>")
REPLY = Phase("answer", "\n<answer>\n", 10, "</answer>")
PATIENCE = 240.0
"""Seconds for the server to start on a busy machine; it takes a few."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own process, with nothing to download and nowhere to download from."""
    pytest.importorskip("fastapi", reason="the `test` extra brings what `transformers serve` needs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cache = tmp_path_factory.mktemp("hub")
    program = [str(Path(sys.executable).with_name("transformers")), "serve", MODEL]
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    log = (cache / "log.txt").open("w+")
    server = subprocess.Popen(
        [*program, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"], env={**os.environ, **quiet}, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        given_up = time.monotonic() + PATIENCE
        while time.monotonic() < given_up:
            try:
                if httpx2.get(f"{address}/health", trust_env=False).status_code == 200:
                    break
            except httpx2.TransportError:
                assert server.poll() is None, (cache / "log.txt").read_text()
                time.sleep(0.1)
        else:
            pytest.fail((cache / "log.txt").read_text())
        yield address
    finally:
        server.kill()
        server.wait()
        log.close()


def remote(url: str, **more: Any) -> RemoteEngine:
    return RemoteEngine(RemoteSettings(url=url, model=MODEL, kind="transformers", **more), described_as)


@pytest.fixture(scope="module")
def local() -> LocalEngine:
    return LocalEngine(MODEL, "none", "cpu")


def messages() -> list[Message]:
    return render("demonstration", "longstep", CASE, OWN)


def by_phase(chunks: list[Chunk], phase: str, sample: int = 0) -> tuple[str, int]:
    """The written text and its tokens, openings aside."""
    own = [c for c in chunks if c.phase == phase and c.sample == sample and not c.forced]
    return "".join(c.text for c in own), sum(c.tokens for c in own)


def test_with_the_tokenizer_it_writes_what_the_local_engine_writes_token_for_token(url: str, local: LocalEngine) -> None:
    request = Request(messages(), (THINK, REPLY), logprobs=False)
    here, there = list(local.stream([request])), list(remote(url, tokenizer=Path(MODEL)).stream([request]))
    for phase in (THINK, REPLY):
        assert by_phase(there, phase.name) == by_phase(here, phase.name)
        assert by_phase(there, phase.name)[1] == phase.maximum_tokens
    assert [(c.phase, c.finish, c.last) for c in there if c.finish] == [("thinking", "length", False), ("answer", "length", True)]
    prompt = next(c.prompt_tokens for c in there if c.prompt_tokens)
    assert prompt == local.count_tokens(local.prompt_text(request.messages))
    assert not any(c.warning for c in there)


def test_without_it_one_request_brings_the_thinking_in_the_servers_own_field(url: str, local: LocalEngine) -> None:
    request = Request(messages(), (THINK, REPLY))
    there = list(remote(url).stream([request]))
    thinking, tokens = by_phase(there, "thinking")
    assert thinking.lstrip("\n").startswith(by_phase(list(local.stream([request])), "thinking")[0])
    assert tokens > THINK.maximum_tokens
    assert any("takes no thinking limit" in c.warning for c in there)
    assert [(c.phase, c.finish) for c in there if c.finish] == [("thinking", "length"), ("answer", "length")]


def test_it_draws_as_hot_as_it_was_asked_to(url: str) -> None:
    hot = Request(messages(), (Phase("thinking", "<think>\n", 20, "</think>"),), samples=2, sampling=Sampling(1.5, 1.0), seed=5)
    engine = remote(url, tokenizer=Path(MODEL), concurrency=1)
    drawn, again = list(engine.stream([hot])), list(engine.stream([hot]))
    first, second = by_phase(drawn, "thinking", 0), by_phase(drawn, "thinking", 1)
    assert first != second
    assert (by_phase(again, "thinking", 0), by_phase(again, "thinking", 1)) == (first, second)


def test_a_stream_that_is_closed_leaves_the_server_free_for_the_next(url: str) -> None:
    engine = remote(url, tokenizer=Path(MODEL))
    endless = engine.stream([Request(messages(), (Phase("thinking", "<think>\n", 1500),))])
    next(chunk for chunk in endless if chunk.text and not chunk.forced)
    endless.close()
    assert by_phase(list(engine.stream([Request(messages(), (REPLY,))])), "answer")[1] == REPLY.maximum_tokens


def test_it_says_which_model_it_is_and_where_the_note_goes(url: str) -> None:
    card = remote(url).card
    assert (card.id, card.demonstration, card.prompt_family) == ("demo", True, "demonstration")
    assert (card.device, card.sends_to) == ("remote server 127.0.0.1", "127.0.0.1")
    assert card.decoding.startswith("transformers serve")


def test_a_model_that_the_server_does_not_serve_is_told(url: str) -> None:
    other = RemoteEngine(RemoteSettings(url=url, model="other", kind="transformers"))
    with pytest.raises(EngineError, match="refuses the request"):
        list(other.stream([Request(messages(), (REPLY,))]))


def test_a_case_is_reasoned_about_from_the_command_line(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note.txt"
    note.write_text(CASE.text)
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "REMOTE_URL": url,
        "REMOTE_SERVER": "transformers",
        "REMOTE_TOKENIZER": MODEL,
    }.items():
        monkeypatch.setenv(f"SOLILOQUY_{name}", value)
    monkeypatch.delenv("SOLILOQUY_ENGINE", raising=False)
    arguments = ["reason", str(note), "--strategy", "vanilla", "--model", f"remote:{MODEL}", "--answer", "64", "--json"]
    result = CliRunner().invoke(cli, arguments)
    document = json.loads(result.stdout)
    assert document["model"]["device"] == "remote server 127.0.0.1"
    assert document["samples"][0]["answer"].startswith("1. ")
    assert any("sent to a model server on this machine" in warning for warning in document["warnings"])
    assert document["usage"]["answer_tokens"] - document["usage"]["forced_tokens"] == 64
