"""What a server says of itself before anything is sent to it."""

from dataclasses import dataclass
from typing import Any

import httpx2

from reasoning.engines.engine import EngineError
from reasoning.engines.remote.address import Address
from reasoning.engines.remote.servers import kind_of, servers
from reasoning.engines.remote.wire import Patience, headers, refused, unreachable

_MOST_NAMED = 5


@dataclass(frozen=True)
class Served:
    """The model that will answer; `context` is 0 when the server does not tell."""

    model: str
    kind: str
    context: int


def look(address: Address, model: str | None, kind: str, key: str | None, patience: Patience) -> Served:
    """Ask a server for its models. Raises EngineError when nobody answers, the key is wrong, or the model is not there."""
    listed = _listed(address, key, patience)
    names = [str(entry.get("id", "")) for entry in listed]
    if kind == "auto":
        kind = kind_of(str(listed[0].get("owned_by", ""))) if listed else "other"
    if kind not in servers():
        raise EngineError(f"SOLILOQUY_REMOTE_SERVER is none of {', '.join(servers())}, auto: correct it in the environment.")
    if model is None and len(names) != 1:
        raise EngineError(
            f"The server at {address.host} does not say which model to use: name it in SOLILOQUY_REMOTE_MODEL{_choice(names)}."
        )
    if model is not None and names and model not in names and servers()[kind].lists_models:
        raise EngineError(f"The server at {address.host} does not serve {model}: correct SOLILOQUY_REMOTE_MODEL{_choice(names)}.")
    name = model or names[0]
    return Served(name, kind, next((_context(entry) for entry in listed if entry.get("id") == name), 0))


def template(address: Address, messages: list[dict[str, str]], key: str | None, patience: Patience) -> str:
    """The prompt as llama.cpp fills in its chat template. Raises EngineError."""
    try:
        response = _client(key, patience).post(f"{address.root}/apply-template", json={"messages": messages})
    except httpx2.TransportError:
        raise EngineError(unreachable(address.host)) from None
    prompt = response.json().get("prompt") if response.status_code == 200 else None
    if not isinstance(prompt, str):
        raise EngineError(refused(address.host, response.status_code))
    return prompt


def _listed(address: Address, key: str | None, patience: Patience) -> list[dict[str, Any]]:
    try:
        response = _client(key, patience).get(f"{address.base}/models")
    except (httpx2.TransportError, httpx2.InvalidURL):
        raise EngineError(unreachable(address.host)) from None
    if response.status_code in (401, 403) or 300 <= response.status_code < 400:
        raise EngineError(refused(address.host, response.status_code))
    try:
        found = response.json()["data"] if response.status_code == 200 else []
    except (ValueError, KeyError, TypeError):
        raise EngineError(f"What answers at {address.host} is no OpenAI-compatible server: correct SOLILOQUY_REMOTE_URL.") from None
    # Not every server has a list, and `transformers serve` fails when it has no cache of downloads to list.
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _client(key: str | None, patience: Patience) -> httpx2.Client:
    timeout = httpx2.Timeout(patience.silence, connect=patience.connect)
    return httpx2.Client(headers=headers(key), timeout=timeout, trust_env=False, follow_redirects=False)


def _context(entry: dict[str, Any]) -> int:
    """What vLLM and SGLang say of a model's context; llama.cpp lists only the length it was trained on, which is no limit of the server."""
    found = entry.get("max_model_len")
    return found if isinstance(found, int) else 0


def _choice(names: list[str]) -> str:
    return f", such as {', '.join(names[:_MOST_NAMED])}" if names else ""
