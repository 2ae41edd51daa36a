"""One streamed request over HTTP: pieces of text as they come, retries before the first, time-outs between them."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2

from reasoning.engines.engine import EngineError

_MOST_READ = 20_000
_LONGEST_LINE = 4_000_000
_LONGEST_WAIT = 30.0
_TOO_LONG = ("context length", "context_length", "context size", "maximum context", "max_model_len", "longer than the model")


@dataclass(frozen=True)
class Counts:
    """Tokens as the server counted them, so far or in all; `reasoning` are those of the completion that were thoughts."""

    prompt: int
    completion: int
    reasoning: int | None = None


@dataclass(frozen=True)
class Piece:
    """What one event of the stream brought. `tokens` is None when it does not say how many it holds; `logprob` is their sum."""

    content: str = ""
    reasoning: str = ""
    tokens: int | None = None
    logprob: float | None = None
    counts: Counts | None = None
    finish: str = ""

    @property
    def text(self) -> str:
        return self.reasoning + self.content


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for the next piece, and before the first retry (doubled each time); and how many retries."""

    connect: float = 10.0
    silence: float = 120.0
    pause: float = 0.5
    retries: int = 4


class _Passing(Exception):
    """It may work in a moment; the message is what to tell the user when it does not."""

    def __init__(self, sentence: str, wait: float | None = None) -> None:
        super().__init__(sentence)
        self.wait = wait


def client(key: str | None, patience: Patience) -> httpx2.AsyncClient:
    """What sends requests. It obeys no proxy of the environment and follows no redirect: the note goes where the screen says."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    timeout = httpx2.Timeout(None, connect=patience.connect)
    return httpx2.AsyncClient(headers=headers(key), timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)


def headers(key: str | None) -> dict[str, str]:
    """The key, when there is one."""
    return {"Authorization": f"Bearer {key}"} if key else {}


async def ask(sender: httpx2.AsyncClient, url: str, body: Mapping[str, Any], patience: Patience) -> AsyncGenerator[Piece, None]:
    """The pieces of one reply. Raises EngineError; before the first text a passing failure is tried again."""
    host, started = httpx2.URL(url).host, False
    for attempt in count():
        try:
            async with aclosing(_once(sender, url, host, body, patience.silence)) as pieces:
                async for piece in pieces:
                    started = started or bool(piece.text)
                    yield piece
            return
        except _Passing as failure:
            if started or attempt >= patience.retries:
                raise EngineError(str(failure)) from None
            wait = failure.wait if failure.wait is not None else patience.pause * 2**attempt * random.uniform(0.5, 1.5)
        await asyncio.sleep(min(wait, _LONGEST_WAIT))


async def _once(sender: httpx2.AsyncClient, url: str, host: str, body: Mapping[str, Any], silence: float) -> AsyncGenerator[Piece, None]:
    response: httpx2.Response | None = None
    ended = False
    try:
        async with asyncio.timeout(silence):
            response = await sender.send(sender.build_request("POST", url, json=body), stream=True)
            if response.status_code != 200:
                raise _refusal(host, response, await _beginning(response))
        if response.headers.get("content-type", "").startswith("application/json"):  # it does not stream
            async with asyncio.timeout(silence):
                yield _piece(await response.aread(), host)
            return
        async with aclosing(_events(response.aiter_bytes())) as events:
            while True:
                async with asyncio.timeout(silence):
                    event = await anext(events, None)
                if event is None or event == b"[DONE]":
                    break
                piece = _piece(event, host)
                ended = ended or bool(piece.finish)
                if piece != Piece():
                    yield piece
        if not ended:
            raise _Passing(f"The connection to {host} ended before the reply was complete: run the case again.")
    except TimeoutError:
        raise EngineError(
            f"The server at {host} said nothing for {silence:g} seconds: see whether it is overloaded, or raise SOLILOQUY_REMOTE_TIMEOUT."
        ) from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise _Passing(unreachable(host)) from None
    except httpx2.TransportError:
        raise _Passing(f"The connection to {host} broke: see whether the server still runs, and run the case again.") from None
    finally:
        if response is not None:
            await response.aclose()


async def _events(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The data of each event. Cut at line feeds only: a text may hold other characters that str.splitlines breaks at."""
    rest = b""
    async for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise EngineError("The server sent a line without an end: correct SOLILOQUY_REMOTE_URL.")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


async def _beginning(response: httpx2.Response) -> str:
    found = b""
    async for block in response.aiter_bytes():
        found += block
        if len(found) > _MOST_READ:
            break
    return found.decode("utf-8", "replace")


def _refusal(host: str, response: httpx2.Response, text: str) -> Exception:
    """What a status means. What the server says itself is not repeated: it may quote the note."""
    status = response.status_code
    if status == 429 or status >= 500:
        after = response.headers.get("retry-after", "")
        return _Passing(refused(host, status), float(after) if after.isdecimal() else None)
    if status in (400, 413) and any(words in text.lower() for words in _TOO_LONG):
        return EngineError(
            f"The note and the token limits are longer than the context of the server at {host}: shorten the one or the other."
        )
    return EngineError(refused(host, status))


def refused(host: str, status: int) -> str:
    """What to do when a server answers with a status that is no success."""
    if status in (401, 403):
        return f"The server at {host} does not accept the key ({status}): correct SOLILOQUY_REMOTE_KEY."
    if status == 404:
        return f"The server at {host} does not know the model or the path (404): correct SOLILOQUY_REMOTE_MODEL or SOLILOQUY_REMOTE_URL."
    if status == 429:
        return f"The server at {host} is too busy (429): try again later, or lower SOLILOQUY_REMOTE_CONCURRENCY."
    if status >= 500:
        return f"The server at {host} fails ({status}): look into its log, and run the case again."
    if 300 <= status < 400:
        return f"The server at {host} sends on to another address ({status}): give that one in SOLILOQUY_REMOTE_URL."
    return (
        f"The server at {host} refuses the request ({status}): see docs/remote.md for what SOLILOQUY_REMOTE_SERVER and "
        "SOLILOQUY_REMOTE_ANSWER ask of it, and its log for the reason."
    )


def unreachable(host: str) -> str:
    """What to do when nobody answers."""
    return f"No server answers at {host}: start it, or correct SOLILOQUY_REMOTE_URL."


def _piece(data: bytes, host: str) -> Piece:
    try:
        event = json.loads(data)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise EngineError(f"The server at {host} sent something that is no OpenAI reply: correct SOLILOQUY_REMOTE_URL.")
    if event.get("error"):
        raise _Passing(f"The server at {host} broke off with an error: look into its log, and run the case again.")
    choices = event.get("choices") or [{}]
    choice = choices[0] if isinstance(choices[0], dict) else {}
    delta = choice.get("delta") or choice.get("message") or {}
    logprobs = _logprobs(choice.get("logprobs"))
    return Piece(
        content=_text(delta.get("content")) or _text(choice.get("text")),
        reasoning=_text(delta.get("reasoning_content")) or _text(delta.get("reasoning")),
        tokens=len(logprobs) if logprobs else None,
        logprob=sum(logprobs) if logprobs else None,
        counts=_counts(event.get("usage")),
        finish=_text(choice.get("finish_reason")),
    )


def _counts(usage: Any) -> Counts | None:
    if not isinstance(usage, dict) or not isinstance(usage.get("completion_tokens"), int):
        return None
    details = usage.get("completion_tokens_details")
    thoughts = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return Counts(int(usage.get("prompt_tokens") or 0), usage["completion_tokens"], thoughts if isinstance(thoughts, int) else None)


def _logprobs(found: Any) -> list[float]:
    """The log-probabilities of a piece's tokens, in the form of either endpoint."""
    if not isinstance(found, dict):
        return []
    listed = found.get("content")
    values = [entry.get("logprob") for entry in listed if isinstance(entry, dict)] if listed else found.get("token_logprobs") or []
    return [float(value) for value in values if isinstance(value, int | float)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
