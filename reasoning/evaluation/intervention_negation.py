"""Turns one finding of a trace round: what was present is absent, and the reverse, wherever the trace speaks of it.

Only the places where this project's LongStep and LongMonolog write a finding are known. A trace that names the finding anywhere else, or
says both that it is there and that it is not, is left alone: half a negation is none.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from cases.knowledge.knowledge import spelled_alike

# Private-use signs stand for the finding: where it is still to be turned, and where it has been.
_OPEN, _DONE = "\ue000", "\ue001"

_LINE = re.compile(r"^(?P<sign>[+-]) [^\n]* = (?P<name>[^\n=]+)$", re.MULTILINE)
_HEARD = re.compile(r'"(?P<gap> ?)[^"\n]*"(?P<link>:|, so) (?P<no>no )?(?P<name>[^"\n]+?)\.(?= "|\s*$)', re.MULTILINE)
_PROBLEM = re.compile(r"(?<=^## Problem representation\n)(?P<who>[^\n:]*: )(?P<items>[^\n]*)$", re.MULTILINE)
_ROW = re.compile(
    r"^(?P<who>[^\n:|]+): for (?P<good>[^|\n]+?) \| against (?P<bad>[^|\n]+?)(?P<rest> \| not stated [^\n]+)$",
    re.MULTILINE,
)
_SPOKEN_ROW = re.compile(
    r"^(?P<lead>\w+) (?P<who>[^\n:;]+): (?:for it, (?P<good>[^;\n]+)|nothing really speaks for it); "
    r"(?:against it, (?P<bad>[^;\n]+?)|nothing against it)(?P<rest>(?:; I do not know about [^\n]+?)?\. (?:Very )?\w+\.)$",
    re.MULTILINE,
)
_MENTION = rf"(?P<item>(?:no )?{_OPEN})"
_ELIMINATED = re.compile(rf"^[^\n]+ does not fit with {_MENTION}\.\n", re.MULTILINE)
_RESTED = {
    re.compile(rf"because of {_MENTION}\."): "because of the overall picture.",
    re.compile(rf"does not fit well with {_MENTION}\."): "does not fit well with the rest of the picture.",
}


@dataclass(frozen=True)
class Negated:
    """The changed trace, and which finding was turned."""

    text: str
    finding: str
    was_present: bool


def negated(text: str, diagnosis: Collection[str], findings: Collection[str] = ()) -> Negated | None:
    """The trace with the first finding that it counts for a diagnosis (by any of its names) turned round; None when none can be.

    In the line of each hypothesis the finding changes sides as well: where its presence speaks for a disease, its absence speaks against
    it. Words that rested on it (an elimination, a first impression) go. Likelihood words and conclusion stay as they were. `findings`
    are the names that are known: so the cough of "cough with blood" is not taken for a cough.
    """
    names = {spelled_alike(name) for name in diagnosis}
    rows = [row for form in (_ROW, _SPOKEN_ROW) for row in form.finditer(text) if spelled_alike(row["who"]) in names]
    if not rows or not rows[0]["good"] or _OPEN in text or _DONE in text:
        return None
    stated = {(m["name"], m["sign"] == "+") for m in _LINE.finditer(text)} | {(m["name"], not m["no"]) for m in _HEARD.finditer(text)}
    counted = {place: key for key in stated if (place := _place(rows[0]["good"], *key)) is not None and (key[0], not key[1]) not in stated}
    for _, (name, present) in sorted(counted.items()):
        changed = _turned(text, name, present, findings)
        if changed is not None:
            return Negated(changed, name, present)
    return None


def _place(listed: str, name: str, present: bool) -> int | None:
    found = re.search(rf"(?:^|, ){re.escape(name if present else f'no {name}')}(?=, |$)", listed)
    return found.start() if found else None


def _turned(text: str, name: str, present: bool, findings: Collection[str]) -> str | None:
    was, now = (_OPEN, f"no {_DONE}") if present else (f"no {_OPEN}", _DONE)

    def line(match: re.Match[str]) -> str:
        right = match["name"] == _OPEN and (match["sign"] == "+") == present
        return f"{'-' if present else '+'} {now} = {_DONE}" if right else match[0]

    def heard(match: re.Match[str]) -> str:
        right = match["name"] == _OPEN and (not match["no"]) == present
        return f'"{match["gap"]}{now}"{match["link"]} {now}.' if right else match[0]

    def sides(match: re.Match[str]) -> tuple[str, str, str]:
        good, bad = _items(match["good"]), _items(match["bad"])
        for_it = [item for item in good if item != was] + [now] * (was in bad)
        against = [item for item in bad if item != was] + [now] * (was in good)
        return ", ".join(for_it), ", ".join(against), match["rest"].replace(_OPEN, _DONE)

    def row(match: re.Match[str]) -> str:
        good, bad, rest = sides(match)
        return f"{match['who']}: for {good or 'nothing'} | against {bad or 'nothing'}{rest}"

    def spoken_row(match: re.Match[str]) -> str:
        good, bad, rest = sides(match)
        weighed = (f"for it, {good}" if good else "nothing really speaks for it", f"against it, {bad}" if bad else "nothing against it")
        return f"{match['lead']} {match['who']}: {'; '.join(weighed)}{rest}"

    text = _HEARD.sub(heard, _LINE.sub(line, _marked(text, name, findings)))
    text = _PROBLEM.sub(lambda m: m["who"] + ", ".join(now if item == was else item for item in m["items"].split(", ")), text)
    text = _SPOKEN_ROW.sub(spoken_row, _ROW.sub(row, text))
    text = _ELIMINATED.sub(lambda m: "" if m["item"] == was else m[0], text)
    text = text.replace("## Elimination\n## ", "## Elimination\nNothing can be ruled out yet.\n## ")
    for pattern, instead in _RESTED.items():
        text = pattern.sub(lambda m, instead=instead: instead if m["item"] == was else m[0], text)  # type: ignore[misc]
    return None if _OPEN in text else text.replace(_DONE, name)


def _marked(text: str, name: str, findings: Collection[str]) -> str:
    """The text with a sign for every mention of the finding; longer names around it and the note's own words are none."""
    longer = sorted((f for f in findings if len(f) > len(name) and name.lower() in f.lower()), key=len, reverse=True)
    names = "|".join(map(re.escape, (*longer, name)))
    pattern = re.compile(rf'^[+-] [^\n]* = |"[^"\n]*"|(?<!\w)(?:{names})(?!\w)', re.MULTILINE | re.IGNORECASE)
    return pattern.sub(lambda m: _OPEN if m[0].lower() == name.lower() else m[0], text)


def _items(listed: str | None) -> list[str]:
    return [item for item in (listed or "").split(", ") if item and item != "nothing"]
