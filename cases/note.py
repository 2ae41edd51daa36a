"""Writes a note that states findings, in one of five registers, and remembers where each finding stands.

The layout of the registers is data: knowledge/registers.yaml.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

from cases.knowledge import Finding, Knowledge
from cases.knowledge.schema import NUMBER_RANGE, Kind, Onset

REGISTERS = ("textbook", "triage", "letter", "blocks", "patient")
TESTS = {Kind.laboratory, Kind.imaging, Kind.ecg}
MISTYPED_SHARE = (0.0, 0.0, 0.0, 0.02, 0.05)
"""Rates of slips per long word; each note takes one of these."""
ANY_POOL = 0.12
"""How often a finding is worded as another register would, as people do."""

Choices = Sequence[tuple[str, bool]]
Phrasing = Callable[[Finding, Sequence[str]], list[str]]


@dataclass(frozen=True)
class Patient:
    age: int
    sex: Literal["female", "male"]
    onset: Onset


@dataclass(frozen=True)
class Stated:
    """One finding as the note states it: text[start:end] is its wording."""

    finding: str
    present: bool
    start: int
    end: int


@dataclass(frozen=True)
class _Item:
    """Something to be said: a finding, or background when `finding` is empty."""

    finding: str
    present: bool
    wording: str


@dataclass
class _Page:
    """Grows the text and records where each finding was put."""

    text: str = ""
    stated: list[Stated] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.text += text

    def say(self, item: _Item, wording: str) -> None:
        if item.finding:
            self.stated.append(Stated(item.finding, item.present, len(self.text), len(self.text) + len(wording)))
        self.text += wording


@lru_cache(maxsize=2)
def _data(name: str) -> dict[str, Any]:
    return yaml.safe_load(resources.files("cases.knowledge").joinpath(name).read_text("utf-8"))


def fill_numbers(phrase: str, draw: random.Random) -> str:
    """The phrase with every range `{a..b}` replaced by a number from it, with the decimals of its bounds."""

    def number(match: re.Match[str]) -> str:
        low, high = match[1], match[2]
        decimals = len(low.partition(".")[2])
        return f"{draw.uniform(float(low), float(high)):.{decimals}f}" if decimals else str(draw.randint(int(low), int(high)))

    return NUMBER_RANGE.sub(number, phrase)


def mistype(text: str, rate: float, draw: random.Random) -> str:
    """Slips of the keyboard: two letters swapped, one dropped or doubled, in long words only."""
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) > 4 and word.isalpha() and draw.random() < rate:
            at = draw.randint(1, len(word) - 3)
            words[i] = draw.choice(
                [word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]]
            )
    return " ".join(words)


def _placeholders(patient: Patient, draw: random.Random) -> dict[str, str]:
    age, female, adult = patient.age, patient.sex == "female", patient.age >= 16
    return {
        "article": "An" if age in (8, 11, 18) or 80 <= age <= 89 else "A",
        "age": str(age),
        "sex": patient.sex,
        "letter": draw.choice("Ff" if female else "Mm"),
        "noun": ("woman" if female else "man") if adult else ("girl" if female else "boy"),
        "she": "She" if female else "He",
        "duration": fill_numbers(draw.choice(_data("registers.yaml")["durations"][patient.onset]), draw),
    }


def _say_items(page: _Page, items: Sequence[_Item], leads: Sequence[str], pronoun: str, draw: random.Random) -> None:
    """Noun phrases in lists behind a lead-in, clauses as sentences of their own."""
    layout = _data("registers.yaml")
    openings, first_person = layout["clause_openings"].split(), tuple(layout["first_person"])
    waiting: list[_Item] = []

    def flush() -> None:
        if waiting:
            page.add(" " + draw.choice(leads))
            for i, item in enumerate(waiting):
                page.add("" if not i else " and " if i == len(waiting) - 1 and draw.random() < 0.6 else ", ")
                page.say(item, item.wording)
            page.add(".")
            waiting.clear()

    for item in items:
        mine = item.wording.startswith(first_person)
        if mine or item.wording.split(" ", 1)[0].lower() in openings:
            flush()
            bare = mine or not pronoun
            page.add(" " if bare else f" {pronoun} ")
            page.say(item, item.wording[0].upper() + item.wording[1:] if bare and draw.random() < 0.8 else item.wording)
            page.add(".")
        else:
            waiting.append(item)
            if len(waiting) >= draw.randint(1, 4):
                flush()
    flush()


def _wording(finding: Finding, present: bool, register: str, phrasings: Phrasing, draw: random.Random) -> str:
    pool = finding.phrasings if present else finding.negated
    filled = [options for name in _data("registers.yaml")[register]["pools"] if (options := getattr(pool, name))]
    chosen: Sequence[str] = draw.choices(filled, [4, 2, 1][: len(filled)])[0] if filled else pool.all()
    if draw.random() < ANY_POOL:
        chosen = pool.all()
    if register not in ("patient", "letter"):
        chosen = [p for p in chosen if not p.startswith(("I ", "I'", "my "))] or chosen
    return fill_numbers(draw.choice(phrasings(finding, chosen)), draw)


def _group(finding: Finding, present: bool) -> str:
    if finding.kind in TESTS:
        return "tests"
    if finding.kind is Kind.symptom:
        return "complaints" if present else "denied"
    return {Kind.sign: "signs", Kind.vital: "vitals"}.get(finding.kind, "past")


def _asides(layout: dict[str, Any], draw: random.Random) -> list[tuple[str, str]]:
    """What belongs to no finding, with the group it is said among: background, ordinary signs and results.

    Full notes and bare ones both occur: the same draw scales all of it.
    """
    fullness, pools = draw.choice((0.0, 0.5, 1.0, 1.3)), _data("background.yaml")
    chosen = []
    for row in layout["asides"]:
        most = round(fullness * row["most"])
        chosen += [(draw.choice(row["among"]), clause) for clause in draw.sample(pools[row["kind"]], draw.randint(most // 2, most))]
    return chosen


def write_note(
    knowledge: Knowledge, patient: Patient, choices: Choices, phrasings: Phrasing, draw: random.Random, register: str | None = None
) -> tuple[str, list[Stated], str]:
    """The note's text, the stated findings with offsets in order of appearance, and the register it was written in."""
    layouts = _data("registers.yaml")
    register = register or draw.choices(REGISTERS, [layouts[name]["share"] for name in REGISTERS])[0]
    layout = layouts[register]
    rate = draw.choice(MISTYPED_SHARE)
    lowercase = register in ("patient", "triage") and draw.random() < 0.2

    groups: dict[str, list[_Item]] = {name: [] for name in ("complaints", "denied", "past", "vitals", "signs", "tests")}
    for name, present in choices:
        finding = knowledge.findings[name]
        wording = mistype(_wording(finding, present, register, phrasings, draw), rate, draw)
        groups[_group(finding, present)].append(_Item(name, present, wording.lower() if lowercase else wording))
    for name, clause in _asides(layout, draw):
        groups[name].append(_Item("", True, fill_numbers(clause, draw)))

    words = _placeholders(patient, draw)
    subject = draw.choice(layout["subjects"]).format(**words)
    page = _Page(draw.choice(layout["openings"]).format(subject=subject, **words))
    for section in layout["sections"]:
        items = [item for name in section["items"] for item in draw.sample(groups[name], len(groups[name]))]
        if register == "patient":
            draw.shuffle(items)
        if items:
            page.add(section.get("heading", ""))
            _say_items(page, items, [lead.format(**words) for lead in section["leads"]], layout["pronoun"].format(**words), draw)
    page.add(draw.choice(layout["closings"]))
    return page.text, page.stated, register
