"""Drafts outlive a reload: they wait in the server's memory under a random name, and only that name stands in the URL."""

import uuid
from collections import OrderedDict
from threading import Lock

MOST = 200


class Drafts:
    """The latest drafts by name. Nothing here is written to disk, and a name cannot be guessed."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._most = most

    def keep(self, name: str | None, text: str) -> str:
        """Keep the text and return the name to ask for it. An empty text is forgotten."""
        name = name or uuid.uuid4().hex
        with self._lock:
            self._texts.pop(name, None)
            if text.strip():
                self._texts[name] = text
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)
        return name

    def find(self, name: str | None) -> str:
        """The text, or an empty one."""
        with self._lock:
            return self._texts.get(name or "", "")
