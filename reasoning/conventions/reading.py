"""Reads thinking and answer out of raw text, whole or as it comes, without losing a character."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from reasoning.conventions.convention import ANSWER, END_ANSWER, Convention, Mark, Part

Fault = Literal["opening missing", "unclosed", "no thinking"]


@dataclass(frozen=True)
class Piece:
    """A stretch of text. "mark" belongs to nobody, "aside" stands outside of both, "held" may yet turn out to be a mark."""

    part: Literal["thinking", "answer", "aside", "mark", "held"]
    text: str


@dataclass(frozen=True)
class Reading:
    """Raw text taken apart; the pieces' texts joined are exactly the raw text.

    `fault` is "opening missing" (the template wrote it, or nobody), "unclosed" (cut off while it thought: there is no answer) or
    "no thinking" (no mark was found: all is taken for the answer).
    """

    pieces: tuple[Piece, ...]
    fault: Fault | None

    @property
    def thinking(self) -> str:
        """What was thought, without the line breaks around it."""
        return self._of("thinking")

    @property
    def answer(self) -> str:
        """What was answered, without the line breaks around it."""
        return self._of("answer")

    def _of(self, part: Part) -> str:
        return "".join(piece.text for piece in self.pieces if piece.part == part).strip("\n")


def read(convention: Convention, text: str, opened: bool = False) -> Reading:
    """Thinking and answer of a finished text. `opened`: the prompt ended inside the thinking (`Convention.opened_by`)."""
    reader = Reader(convention, opened)
    reader.feed(text)
    return reader.finish()


class Reader:
    """Takes text in pieces of any size. What it says of a beginning is what `read` says of it, but for a mark that is half written.

    A later mark may tell that what looked like the answer was none: it then counts as thinking, or as an aside before our own answer tag.
    """

    def __init__(self, convention: Convention, opened: bool = False) -> None:
        self._convention = convention
        self._thought = opened
        self._closed = self._tagged = False
        self._part: Part = "thinking" if opened else "answer"
        self._pieces: list[Piece] = []
        self._waiting = ""
        self._fresh = True

    def feed(self, text: str) -> None:
        """Take the text that comes next."""
        self._waiting += text
        self._scan(final=False)

    def finish(self) -> Reading:
        """The reading of all the text, now that there is no more."""
        self._scan(final=True)
        return self.reading

    @property
    def reading(self) -> Reading:
        """The reading of the text so far."""
        held = [Piece("held", self._waiting)] if self._waiting else []
        return Reading(_joined([*self._pieces, *held]), self._fault())

    def _fault(self) -> Fault | None:
        if self._part == "thinking" or (self._thought and not self._closed):
            return "unclosed"
        if self._thought:
            return None
        if not any(piece.part == "thinking" and piece.text.strip() for piece in self._pieces):
            return "no thinking"
        opens = any(mark.part == "thinking" for mark in self._convention.marks)
        return "opening missing" if opens else None

    def _scan(self, final: bool) -> None:
        marks, pattern = _marks(self._convention), _pattern(self._convention)
        start = place = 0
        while (match := pattern.search(self._waiting, place)) is not None:
            if not final and _may_grow(self._convention, self._waiting[match.start() :]):
                break
            if self._counts(marks[match[0]], start, match.start()):
                self._take(self._waiting[start : match.start()])
                self._enter(marks[match[0]])
                start = place = match.end()
            else:
                place = match.start() + 1
        end = len(self._waiting) if final else self._settled(start)
        self._take(self._waiting[start:end])
        self._waiting = self._waiting[end:]

    def _counts(self, mark: Mark, start: int, place: int) -> bool:
        if mark.text == END_ANSWER and not (self._tagged and self._part == "answer"):
            return False
        return not mark.of_line or (self._waiting[place - 1] == "\n" if place > start else self._fresh)

    def _take(self, text: str) -> None:
        if text:
            self._pieces.append(Piece(self._part, text))
            self._fresh = text.endswith("\n")

    def _enter(self, mark: Mark) -> None:
        if mark.part == "answer":
            self._take_back(mark)
            self._closed, self._tagged = True, mark.ours
        elif mark.part == "thinking" and not self._thought:
            self._thought = True
            if not self._closed:
                self._pieces = [Piece("aside", piece.text) if piece.part == "answer" else piece for piece in self._pieces]
        self._part = mark.part
        self._pieces.append(Piece(mark.part if mark.kept else "mark", mark.text))
        self._fresh = True

    def _take_back(self, mark: Mark) -> None:
        """The last opening of an answer counts: what was taken for one before it was none."""
        if mark.ours and (self._thought or self._closed):
            self._pieces = [Piece("aside", piece.text) if piece.part == "answer" else piece for piece in self._pieces]
            return
        opened = next((i for i, piece in enumerate(self._pieces) if piece.part in ("thinking", "mark")), 0) if self._thought else 0
        # A model that repeats to itself how it is to answer has not answered yet: our own tags in its thinking are text.
        thinking = [
            piece if piece.part == "mark" and piece.text not in (ANSWER, END_ANSWER) else Piece("thinking", piece.text)
            for piece in self._pieces[opened:]
        ]
        self._pieces[opened:] = thinking

    def _settled(self, start: int) -> int:
        """Up to where no mark begins that further text would complete."""
        text = self._waiting
        longest = max(map(len, _marks(self._convention)))
        places = range(max(start, len(text) - longest + 1), len(text))
        return next((place for place in places if _may_grow(self._convention, text[place:])), len(text))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    found: list[tuple[str, list[str]]] = []
    for piece in pieces:
        if found and found[-1][0] == piece.part and piece.part != "mark":
            found[-1][1].append(piece.text)
        else:
            found.append((piece.part, [piece.text]))
    return tuple(Piece(part, "".join(texts)) for part, texts in found)  # type: ignore[arg-type]


@cache
def _marks(convention: Convention) -> dict[str, Mark]:
    return {mark.text: mark for mark in convention.marks}


@cache
def _pattern(convention: Convention) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text) for text in sorted(_marks(convention), key=len, reverse=True)))


def _may_grow(convention: Convention, tail: str) -> bool:
    return any(len(text) > len(tail) and text.startswith(tail) for text in _marks(convention))
