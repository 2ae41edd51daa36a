"""A small HTTP server that speaks the OpenAI protocol as a test tells it to, mishaps included."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with the next reply of the script, the last one for ever."""

    protocol_version = "HTTP/1.1"
    server: "ModelServer"

    def do_GET(self) -> None:
        self.answer(self.server.models_status, {"object": "list", "data": self.server.models})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.counting:
            self.server.asked.append((self.path, body))
            self.server.keys.append(self.headers.get("Authorization"))
            reply = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
            self.server.running += 1
            self.server.most_running = max(self.server.most_running, self.server.running)
        self.server.arrived.set()
        try:
            reply(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.server.left.set()
        finally:
            with self.server.counting:
                self.server.running -= 1
            self.close_connection = True

    def answer(self, status: int, document: object, **headers: str) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def write(self, line: str) -> None:
        self.wfile.write(f"{line}\n\n".encode())
        self.wfile.flush()

    def event(self, **fields: Any) -> None:
        self.write("data: " + json.dumps(fields, ensure_ascii=False))

    def log_message(self, *_: object) -> None:
        return


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.models: list[dict[str, Any]] = [{"id": "clinic-32b"}]
        self.models_status = 200
        self.script: list[Reply] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.counting = threading.Lock()
        self.running = self.most_running = 0
        self.arrived, self.left = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body in self.asked]

    def handle_error(self, *_: object) -> None:
        return


@contextmanager
def serving() -> Iterator[ModelServer]:
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def words(text: str) -> list[str]:
    return text.split(" ") if text == "" else [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]


def says(
    text: str, thought: str = "", field: str = "reasoning_content", finish: str = "stop", usage: dict[str, Any] | bool = True
) -> Reply:
    """Thought and text word by word, and at the end the usage: a word is a token."""

    def reply(handler: Handler, body: dict[str, Any]) -> None:
        handler.begin()
        chat = "messages" in body
        pieces = [({field: word}) for word in words(thought) if thought] + [{"content": word} for word in words(text) if text]
        for piece in pieces:
            handler.event(choices=[{"index": 0, "delta": piece} if chat else {"index": 0, "text": piece["content"]}])
        handler.event(choices=[{"index": 0, "delta": {}, "finish_reason": finish}])
        if usage:
            counted = {"prompt_tokens": 50, "completion_tokens": len(pieces)}
            handler.event(choices=[], usage={**counted, **(usage if isinstance(usage, dict) else {})})
        handler.write("data: [DONE]")

    return reply


def fails(status: int, document: object = "no", **headers: str) -> Reply:
    return lambda handler, _: handler.answer(status, document, **headers)


def hangs_up(handler: Handler, _: dict[str, Any]) -> None:
    """Closes the connection without a word."""
    handler.connection.close()


def breaks_off(text: str) -> Reply:
    """Begins to answer, and then the connection is gone."""

    def reply(handler: Handler, _: dict[str, Any]) -> None:
        handler.begin()
        handler.event(choices=[{"index": 0, "delta": {"content": text}}])

    return reply


def endless(pause: float = 0.01, first: str = "word") -> Reply:
    """Never stops writing, until its reader has gone."""

    def reply(handler: Handler, body: dict[str, Any]) -> None:
        handler.begin()
        for _ in range(5000):
            handler.event(choices=[{"index": 0, "delta": {"content": f"{first} "}} if "messages" in body else {"text": f"{first} "}])
            time.sleep(pause)

    return reply


def silent(pings: bool = False, until: threading.Event | None = None) -> Reply:
    """Accepts the request and says nothing, but for comments that keep the connection open."""

    def reply(handler: Handler, _: dict[str, Any]) -> None:
        handler.begin()
        for _ in range(1000):
            handler.write(": ping") if pings else handler.wfile.flush()
            if until is not None and until.wait(0.02):
                return
            time.sleep(0.02)

    return reply
