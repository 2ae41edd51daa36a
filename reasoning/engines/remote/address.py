"""Where the note would go: an address that is read once and refused when it is careless."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from reasoning.engines.engine import EngineError


@dataclass(frozen=True)
class Address:
    """`base` ends in the version, as in https://host:8000/v1; `root` is the same without it."""

    base: str
    root: str
    host: str


def read_address(url: str, plain_http: bool = False) -> Address:
    """The address of a server. Raises EngineError for one that is not http(s), holds a key, or would send a note unencrypted."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise EngineError("SOLILOQUY_REMOTE_URL is not an address: write it as https://server.example.org:8000/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EngineError("SOLILOQUY_REMOTE_URL may hold no user, password or query: put the key into SOLILOQUY_REMOTE_KEY.")
    if parts.scheme == "http" and not on_this_machine(host) and not plain_http:
        raise EngineError(
            f"The note would travel to {host} unencrypted: use https, or set SOLILOQUY_REMOTE_PLAIN_HTTP=1 on a network that is safe."
        )
    place = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    root = path if not _versioned(path) else path.rpartition("/")[0]
    start = f"{parts.scheme}://{place}{f':{port}' if port else ''}"
    return Address(f"{start}{path if _versioned(path) else path + '/v1'}", start + root, host)


def on_this_machine(host: str) -> bool:
    """Whether a host is the loopback of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def sent_to(host: str) -> str:
    """What a user must know before a note goes to this host."""
    if on_this_machine(host):
        return f"The note is sent to a model server on this machine ({host})."
    return f"The note leaves this machine: it is sent to the model server at {host}."


def _versioned(path: str) -> bool:
    last = path.rpartition("/")[2]
    return last[:1] == "v" and last[1:2].isdigit()
