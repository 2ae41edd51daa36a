"""A small server on loopback that plays the hub's part in a download: what the client asks, with sizes, hashes and ranges."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """One repository. `asked` are method and path of all requests; files in `failing` are refused, those in `spoiled` come garbled."""

    id: str
    files: dict[str, bytes]
    gated: bool = False
    failing: set[str] = field(default_factory=set)
    spoiled: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def fetched(self) -> list[str]:
        """Names of the files whose content was asked for."""
        return [path.rpartition("/")[2] for method, path in self.asked if method == "GET" and "/resolve/" in path]


@contextmanager
def played(id: str, files: Mapping[str, bytes]) -> Iterator[Hub]:
    """The server, for as long as the block runs."""
    hub = Hub(id, dict(files))

    class Handler(_Handler):
        repository = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    repository: Hub

    def do_HEAD(self) -> None:
        self._answer(content=False)

    def do_GET(self) -> None:
        self._answer(content=True)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, content: bool) -> None:
        hub, path = self.repository, unquote(urlsplit(self.path).path)
        hub.asked.append((self.command, path))
        if hub.gated:
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif path in (f"/api/models/{hub.id}", f"/api/models/{hub.id}/revision/main"):
            facts = {"id": hub.id, "modelId": hub.id, "sha": REVISION, "siblings": [{"rfilename": name} for name in hub.files]}
            self._send(200, json.dumps(facts).encode(), {"Content-Type": "application/json"})
        elif path == f"/api/models/{hub.id}/tree/{REVISION}":
            rows = [_row(name, data) for name, data in hub.files.items()]
            self._send(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})
        elif path.startswith(f"/{hub.id}/resolve/{REVISION}/") and (name := path.partition(f"{REVISION}/")[2]) in hub.files:
            self._file(name, content)
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _file(self, name: str, content: bool) -> None:
        data = self.repository.files[name]
        if content and name in self.repository.failing:
            self._send(503, b"", {})
            return
        row = _row(name, data)
        etag = row["lfs"]["oid"] if "lfs" in row else row["oid"]
        sent = bytes(len(data)) if name in self.repository.spoiled else data
        self._send(
            200,
            sent if content else b"",
            {"ETag": f'"{etag}"', "X-Repo-Commit": REVISION, "X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{etag}"'},
            length=len(data),
        )

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def _row(name: str, data: bytes) -> dict:
    """A file as the hub lists it: weights in large file storage under their sha256, the rest as git blobs."""
    row = {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()}
    if name.endswith(".safetensors"):
        row["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return row
