"""Cuts written reasoning into hypothetico-deductive steps, from left to right, so that a live text and a finished one are cut alike.

A heading, a bold title or "Step n" opens a step. Where there are none, as in a monologue, sentences with cue phrases do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reasoning.step_cues import kind_of_sentence, kind_of_title
from reasoning.trace import Step, StepKind, Trace

# A unit is a sentence or a line with the blanks and line breaks behind it.
_UNIT = re.compile(r"(?:(?![.!?][\"'”’)]*[ \t]+\S|\n).)*(?:[.!?][\"'”’)]*[ \t]+(?=\S)|\n\s*|\Z)", re.DOTALL)
_MARKER_ALONE = re.compile(r"\s*(?:\d{1,2}|[IVX]{1,4})\.[ \t]+")  # "1. " ends no sentence
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]\s|\d{1,2}[.)]\s)")
_MARKED = re.compile(r"^\s*(?:#{1,6}\s+|\*\*(?=[^*\n]{2,80}\*\*:?\s*(?:\n|$|[^\s*])))(?P<title>[^\n]{0,120})")
_STEP = re.compile(r"^\s*(?:\*\*)?(?:step|phase|stage)\s+\d{1,2}\b[.:)\-–— ]*(?P<title>[^\n]{0,120})", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}|[IVX]{1,4})[.)]\s+(?:\*\*)?(?P<title>[A-Z][^\n:*]{2,60}?)(?:\*\*:?|:)(?=\s|\*|$)")
_LABEL = re.compile(r"^\s*(?P<title>[A-Z][A-Za-z /'-]{3,40}):\s*(?:\n|$)")


@dataclass(frozen=True)
class _Mark:
    kind: StepKind
    titled: bool


def cut(text: str) -> Trace:
    """The text in steps whose texts joined are exactly the text; what carries no cue is a step of kind `text`."""
    return Trace(text=text, steps=tuple(_steps(list(_units(text)))))


def closed_steps(text_so_far: str) -> tuple[Step, ...]:
    """The steps that no further text can change: a beginning of what `cut` gives for any text that goes on from here."""
    # The last unit may still grow, and the last step may still go on.
    return tuple(_steps(list(_units(text_so_far))[:-1]))[:-1]


def _units(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        match = _UNIT.match(text, place)
        end = match.end() if match and match.end() > place else len(text)
        if _MARKER_ALONE.fullmatch(text[place:end]) and end < len(text):
            match = _UNIT.match(text, end)
            end = match.end() if match and match.end() > end else len(text)
        yield text[place:end]
        place = end


def _steps(units: list[str]) -> Iterator[Step]:
    kind, titled, gathered = StepKind.text, False, ""
    fresh_line, fresh_paragraph = True, True
    for unit in units:
        mark = _mark(unit, fresh_line, fresh_paragraph, titled and kind is not StepKind.text, kind)
        # An untitled step goes on under the same kind; a title always opens a new one.
        if mark and gathered.strip() and (mark.titled or mark.kind != kind):
            yield Step(kind=kind, text=gathered)
            gathered = ""
        if mark:
            kind, titled = mark.kind, mark.titled or (titled and mark.kind == kind)
        gathered += unit
        if unit.strip():
            fresh_line, fresh_paragraph = "\n" in unit[len(unit.rstrip()) :], unit[len(unit.rstrip()) :].count("\n") > 1
    if gathered:
        yield Step(kind=kind, text=gathered)


def _mark(unit: str, fresh_line: bool, fresh_paragraph: bool, in_titled: bool, kind: StepKind) -> _Mark | None:
    """What this unit opens, or None when it goes on with what was there."""
    if not unit.strip():
        return None
    if fresh_line:
        for pattern in (_STEP, _MARKED, _NUMBERED, _LABEL):
            match = pattern.match(unit)
            if match and (pattern in (_STEP, _MARKED) or kind_of_title(match["title"])):
                return _Mark(kind_of_title(match["title"]) or kind_of_sentence(match["title"].strip(" *:")) or StepKind.text, True)
    if in_titled:
        return None
    cued = kind_of_sentence(unit.lstrip(' \t\n"“*-').rstrip())
    if cued:
        return _Mark(cued, False)
    if _LIST_ITEM.match(unit) or not fresh_line:
        return None
    return _Mark(StepKind.text, False) if fresh_paragraph or kind is not StepKind.text else None
