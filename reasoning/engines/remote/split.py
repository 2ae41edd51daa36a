"""Thinking and answer of one reply, taken apart as it comes."""

from reasoning.conventions import Convention, Reader, read
from reasoning.conventions.convention import ANSWER
from reasoning.engines.remote.wire import Piece


class Split:
    """By the server's own field for reasoning, else by the tags of a convention."""

    def __init__(self, convention: Convention, thinks: bool) -> None:
        self._convention, self._thinks = convention, thinks
        self._reader = Reader(convention, opened=thinks)
        self._field = self._raw = ""
        self._sent = {"thinking": 0, "answer": 0}

    def take(self, piece: Piece) -> tuple[str, str]:
        """What is new of the thinking and of the answer."""
        if piece.reasoning and not self._field and not self._raw:
            self._reader = Reader(self._convention)  # the field has taken the tags away
        self._field += piece.reasoning
        self._raw += piece.content
        self._reader.feed(piece.content)
        pieces = self._reader.reading.pieces
        tagged = any(each.part == "mark" and each.text == ANSWER for each in pieces)
        # Without our tag it may still turn out to be something said before the answer.
        return self._new("thinking", self._field + self._of("thinking")), self._new("answer", self._of("answer") if tagged else "")

    def finish(self, cut: bool) -> tuple[str, str]:
        """The rest of both. A reply without any tag is all answer, unless it was `cut` at the limit."""
        reading = self._reader.finish()
        answer = self._of("answer")
        if not answer.strip() and reading.fault == "unclosed" and not self._field and not cut:
            answer = read(self._convention, self._raw).answer
        return self._new("thinking", self._field + self._of("thinking")), self._new("answer", answer)

    def _of(self, part: str) -> str:
        return "".join(piece.text for piece in self._reader.reading.pieces if piece.part == part)

    def _new(self, part: str, text: str) -> str:
        new = text[self._sent[part] :]
        self._sent[part] += len(new)
        return new
