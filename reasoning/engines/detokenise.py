"""From tokens to text, piece by piece, without ever showing half a character."""

from collections.abc import Callable, Sequence

Decode = Callable[[Sequence[int]], str]

_BROKEN = "\ufffd"
_LONGEST_CHARACTER = 4  # a UTF-8 character has at most four bytes, and a token at least one
_CONTEXT = 6  # enough tokens before the text for tokenizers whose first token drops its space


class PhaseText:
    """The text of one phase as its tokens arrive.

    `marks[i]` is how long the text was once token i was whole, or -1 while it ends inside a character, so that the text
    can be cut anywhere and the tokens that wrote what is left are known.
    """

    def __init__(self, decode: Decode, before: Sequence[int], stop: str = "") -> None:
        self.text = ""
        self.stop = stop
        self._decode = decode
        self._ids = list(before[-_CONTEXT:])
        self._before = len(self._ids)
        self._shown = max(0, len(self._ids) - _CONTEXT)
        self._read = len(self._ids)
        self._marks: list[int] = []
        self._sent = 0
        self._searched = 0

    def add(self, token: int) -> None:
        """Append one token."""
        self._ids.append(token)
        known = self._decode(self._ids[self._shown : self._read])
        whole = self._decode(self._ids[self._shown :])
        if whole.endswith(_BROKEN) and len(self._ids) - self._read < _LONGEST_CHARACTER:
            self._marks.append(-1)
            return
        self.text += whole[len(known) :]
        self._shown, self._read = self._read, len(self._ids)
        self._marks.append(len(self.text))

    def stop_at(self) -> int | None:
        """Where the stop string begins, if it was written since the last time of asking."""
        if not self.stop:
            return None
        found = self.text.find(self.stop, self._searched)
        self._searched = max(self._searched, len(self.text) - len(self.stop) + 1)
        return found if found >= 0 else None

    def release(self, end: int | None = None) -> str:
        """Text not given out yet, up to `end`; without `end`, what might become the stop string is held back."""
        if end is None:
            end = len(self.text) - _overlap(self.text[self._sent :], self.stop)
        piece, self._sent = self.text[self._sent : end], max(self._sent, end)
        return piece

    def cut(self, end: int) -> tuple[int, str]:
        """Shorten the text to `end`: how many tokens go, and the text of a cut token that must be written again."""
        keep = 0
        for count, mark in enumerate(self._marks, start=1):
            if 0 <= mark <= end:
                keep = count
        base = self._marks[keep - 1] if keep else 0
        dropped = len(self._marks) - keep
        rest = self.text[base:end]
        del self._marks[keep:], self._ids[self._before + keep :]
        self.text = self.text[:base]
        self._read = len(self._ids)
        self._shown = max(0, self._read - _CONTEXT)
        return dropped, rest

    def write(self, ids: Sequence[int], text: str) -> None:
        """Append forced tokens whose text is known; the stop string is looked for after them only."""
        self._ids += ids
        self.text += text
        self._marks += [-1] * (len(ids) - 1) + [len(self.text)] if ids else []
        self._read = len(self._ids)
        self._shown = max(0, self._read - _CONTEXT)
        self._sent = self._searched = len(self.text)


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` could be the beginning of `stop`."""
    for size in range(min(len(stop) - 1, len(text)), 0, -1):
        if stop.startswith(text[-size:]):
            return size
    return 0
