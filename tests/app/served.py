"""A served app for browser tests: its own port, its own data folder, the shipped model or a scripted engine."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.server import streamlit_command
from reasoning.presets import packaged

HAS_MODEL = (packaged("demonstration/base") / "config.json").is_file()
ENGINE = os.environ.get("SOLILOQUY_BROWSER_ENGINE") or ("local" if HAS_MODEL else "scripted")
"""The shipped model where it is; SOLILOQUY_BROWSER_ENGINE=scripted asks for the engine that is always the same."""


@contextmanager
def served(home: Path, engine: str = ENGINE, delay: float = 0.02) -> Iterator[str]:
    """The address of an app that is up; it is stopped at the end, and its output shown when it never came up."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SOLILOQUY_", "STREAMLIT_"))}
    environment |= {"SOLILOQUY_HOME": str(home), "SOLILOQUY_ENGINE": engine, "SOLILOQUY_SCRIPTED_DELAY": str(delay)}
    log = home.with_suffix(".log")
    with log.open("wb") as output:
        server = subprocess.Popen(streamlit_command(port), env=environment, stdout=output, stderr=output, cwd=home.parent)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The app did not come up:\n{log.read_text('utf-8', 'replace')}")
