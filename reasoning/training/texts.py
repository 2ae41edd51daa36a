"""The texts a case becomes: direct answer, short chain, LongStep and LongMonolog, and the exercises that teach their parts.

LongStep keeps long, ordered solution steps; LongMonolog is an inner monologue with hesitation and self-correction
(after arXiv 2501.06458, section 3; the wording is our own). A text is a user part and an assistant part.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases.generator import GeneratedCase, held_out_phrasing
from cases.knowledge import Condition, Finding, Knowledge
from cases.knowledge.schema import Onset
from cases.note import Stated, fill_numbers
from reasoning.answer import write_answer
from reasoning.training.weighing import Weighed, differential, weigh

STRATEGIES = ("vanilla", "cot", "longstep", "longmonolog")
THINK, END_THINK, ANSWER, END_ANSWER = "<think>", "</think>", "<answer>", "</answer>"


@dataclass(frozen=True)
class Example:
    """A prompt as the user writes it and the reply that is to be learnt.

    `case` when the prompt holds its note; `stated` are findings at places of the prompt when it holds wordings only.
    """

    user: str
    reply: str
    case: GeneratedCase | None = None
    stated: tuple[Stated, ...] = ()


def prompt(strategy: str, note: str) -> str:
    """The user's message to the demonstration model; the same words stand in prompts/demonstration."""
    return f"Case: {note}\nTask: {strategy}"


def spaced_quotations(text: str) -> str:
    """The text with a blank behind every opening mark: so the first word of a quotation is the same token as in the note."""
    return re.sub(r"\"([^\"\n]+)\"", r'" \1"', text)


def _canonical(knowledge: Knowledge, row: Stated) -> str:
    name = knowledge.findings[row.finding].name
    return name if row.present else f"no {name}"


_ONSET = {
    Onset.sudden: "sudden", Onset.hours: "hours", Onset.days: "days", Onset.weeks: "weeks", Onset.months: "months", Onset.years: "years",
}  # fmt: skip


def _who(case: GeneratedCase) -> str:
    person = case.patient
    noun = ("woman" if person.sex == "female" else "man") if person.age >= 16 else ("girl" if person.sex == "female" else "boy")
    return f"{noun} of {person.age}, {_ONSET[person.onset]}"


def _key_findings(knowledge: Knowledge, case: GeneratedCase, rows: Sequence[Weighed], most: int = 4) -> list[str]:
    strongest: dict[str, None] = {}
    for row in rows[:2]:
        for stated in row.supporting:
            strongest.setdefault(_canonical(knowledge, stated))
    return list(strongest)[:most] or [_canonical(knowledge, s) for s in case.stated[:2]]


def finding_lines(knowledge: Knowledge, case: GeneratedCase) -> str:
    """One line a finding in order of appearance: `+ wording = canonical finding`, `-` for one denied."""
    text = case.case.text
    return "".join(f"{'+' if s.present else '-'} {text[s.start : s.end]} = {knowledge.findings[s.finding].name}\n" for s in case.stated)


def evidence_row(knowledge: Knowledge, row: Weighed) -> str:
    def names(stated: Sequence[Stated]) -> str:
        return ", ".join(_canonical(knowledge, s) for s in stated) or "nothing"

    missing = ", ".join(row.missing) or "nothing"
    return f"{row.condition.name}: for {names(row.supporting)} | against {names(row.refuting)} | not stated {missing} => {row.likelihood}\n"


def weighing_text(knowledge: Knowledge, case: GeneratedCase, rows: Sequence[Weighed]) -> str:
    """LongStep from the hypotheses on, the likeliest first."""
    text = "## Hypotheses\n" + "; ".join(row.condition.name for row in rows) + "\n## Evidence weighed\n"
    text += "".join(evidence_row(knowledge, row) for row in rows)
    weak = [row for row in rows[1:] if row.refuting][-2:]
    text += "## Elimination\n"
    text += (
        "".join(f"{row.condition.name} does not fit with {_canonical(knowledge, row.refuting[0])}.\n" for row in weak)
        or "Nothing can be ruled out yet.\n"
    )
    return text + "## Conclusion\n" + " > ".join(row.condition.name for row in rows)


def longstep(knowledge: Knowledge, case: GeneratedCase, rows: Sequence[Weighed], draw: random.Random) -> str:
    """Problem representation, findings line by line, hypotheses, evidence for and against each, elimination, conclusion."""
    return (
        f"## Problem representation\n{_who(case)}: {', '.join(_key_findings(knowledge, case, rows, 3))}\n"
        f"## Findings\n{finding_lines(knowledge, case)}" + weighing_text(knowledge, case, rows)
    )


def chain(knowledge: Knowledge, case: GeneratedCase, rows: Sequence[Weighed], draw: random.Random) -> str:
    """A short chain of thought of three or four sentences."""
    others = [row.condition.name for row in rows[1:3]]
    text = f"{_who(case)}. Key findings: {', '.join(_key_findings(knowledge, case, rows))}. This points to {rows[0].condition.name}"
    text += f"; {' and '.join(others)} are also possible."
    doubt = next((row for row in rows[1:3] if row.refuting), None)
    if doubt:
        text += f" Against {doubt.condition.name}: {_canonical(knowledge, doubt.refuting[0])}."
    return text + f" So {rows[0].condition.name} is {rows[0].likelihood}."


WIDENING = ("What else could it be?", "But what else?", "Let me keep an open mind.")
SETTLING = ("So, in order:", "My conclusion:", "I settle on this order:")
"""Behind these a monologue lists diagnoses, the likeliest first."""


def longmonolog(knowledge: Knowledge, case: GeneratedCase, rows: Sequence[Weighed], draw: random.Random) -> str:
    """Thinking aloud: reading slowly, a first impression, doubt, reconsideration, what must not be missed, a decision."""
    text = case.case.text
    say = draw.choice
    parts = [say(["Let me read this slowly.", "All right, who is this?", "Let me start with the patient."]) + f" A {_who(case)}."]
    heard = []
    for s in case.stated:
        span, name = text[s.start : s.end], knowledge.findings[s.finding].name
        heard.append(
            say([f'"{span}": {name}.', f'"{span}", so {name}.'])
            if s.present
            else say([f'"{span}": no {name}.', f'"{span}", so no {name}.'])
        )
    parts.append(say(["What does the note say?", "Now the findings.", "What do I have?"]) + " " + " ".join(heard))
    tempting = max(rows[1:3], key=lambda row: row.posterior) if draw.random() < 0.45 else rows[0]
    reason = _canonical(knowledge, tempting.supporting[0]) if tempting.supporting else "the overall picture"
    first = say(["My first thought is", "This makes me think of", "At first sight this is"])
    widen = say(WIDENING)
    named = "; ".join(row.condition.name for row in rows)
    parts.append(f"{first} {tempting.condition.name}, because of {reason}. {widen} {named}.")
    for row in rows:
        line = f"{row.condition.name}: "
        line += (
            f"for it, {', '.join(_canonical(knowledge, s) for s in row.supporting)}" if row.supporting else "nothing really speaks for it"
        )
        line += f"; against it, {', '.join(_canonical(knowledge, s) for s in row.refuting)}" if row.refuting else "; nothing against it"
        if row.missing:
            line += f"; I do not know about {row.missing[0]}"
        parts.append(say(["Weighing ", "Consider ", "Take "]) + line + f". {row.likelihood.capitalize()}.")
    if tempting is not rows[0]:
        against = _canonical(knowledge, tempting.refuting[0]) if tempting.refuting else "the rest of the picture"
        parts.append(
            say(["Wait, I was too quick.", "Hmm, wait.", "No, let me correct myself."])
            + f" {tempting.condition.name} does not fit well with {against}. "
            f"{rows[0].condition.name} explains more."
        )
    else:
        parts.append(
            say(["Hmm, am I anchoring?", "Wait, let me check myself.", "Could I be wrong?"])
            + f" The next best is {rows[1].condition.name}, but {rows[0].condition.name} still explains more."
        )
    danger = [row for row in rows if row.condition.cannot_miss]
    if danger:
        parts.append(
            say(["What must I not miss?", "The dangerous one here:"])
            + f" {danger[0].condition.name}. {danger[0].condition.settling_test} would settle it."
        )
    parts.append(say(SETTLING) + " " + " > ".join(row.condition.name for row in rows))
    return spaced_quotations("\n".join(parts))


TRACES = {"cot": chain, "longstep": longstep, "longmonolog": longmonolog}


def case_example(knowledge: Knowledge, case: GeneratedCase, strategy: str, draw: random.Random) -> Example:
    """The text of one case under one strategy: trace, then answer in its written form."""
    rows = weigh(knowledge, case)
    answer = f"{ANSWER}\n{spaced_quotations(write_answer(differential(knowledge, case, rows)))}{END_ANSWER}"
    if strategy != "vanilla":
        answer = f"{THINK}\n{TRACES[strategy](knowledge, case, rows, draw)}\n{END_THINK}\n{answer}"
    return Example(prompt(strategy, case.case.text), answer, case)


def reading_exercise(knowledge: Knowledge, case: GeneratedCase) -> Example:
    """Find every finding in the note, in order, with its wording."""
    return Example(prompt("read", case.case.text), f"## Findings\n{finding_lines(knowledge, case)}", case)


def _retold(case: GeneratedCase, tellings: Sequence[str]) -> GeneratedCase:
    """The same case as a telegram: who it is, and each finding in the words given."""
    text, stated = f"{_who(case)}:", list[Stated]()
    for row, words in zip(case.stated, tellings, strict=True):
        stated.append(replace(row, start=len(text) + 1, end=len(text) + 1 + len(words)))
        text += f" {words};"
    return replace(case, case=case.case.model_copy(update={"text": text.removesuffix(";")}), stated=tuple(stated))


def weighing_exercise(knowledge: Knowledge, case: GeneratedCase) -> Example:
    """From canonical findings to a weighed, ranked list: inference without reading."""
    told = _retold(case, [_canonical(knowledge, s) for s in case.stated])
    return Example(prompt("weigh", told.case.text), weighing_text(knowledge, told, weigh(knowledge, told)), told)


def telegram_exercise(knowledge: Knowledge, case: GeneratedCase, draw: random.Random) -> Example:
    """Findings only, by name or in taught wordings, to be judged and not answered: the densest way to teach judging."""
    told = _retold(
        case,
        [
            _canonical(knowledge, s) if draw.random() < 0.4 else _taught_wording(knowledge.findings[s.finding], s.present, draw)
            for s in case.stated
        ],
    )
    return Example(prompt("weigh", told.case.text), "", told)


def _taught_wording(finding: Finding, present: bool, draw: random.Random) -> str:
    """One of the wordings that training may use, its numbers filled in."""
    pool = (finding.phrasings if present else finding.negated).all()
    return fill_numbers(draw.choice(tuple(p for p in pool if not held_out_phrasing(finding.id, p)) or pool), draw)


def phrase_exercise(knowledge: Knowledge, draw: random.Random, rows: int = 24) -> Example:
    """Many wordings and what they mean."""
    lines = []
    for finding in draw.sample(list(knowledge.findings.values()), rows):
        present = draw.random() < 0.65
        lines.append(f"{'+' if present else '-'} {_taught_wording(finding, present, draw)} = {finding.name}\n")
    return Example("Task: name", "## Findings\n" + "".join(lines))


def wording_exercise(knowledge: Knowledge, draw: random.Random, rows: int = 64) -> Example:
    """Wordings one behind the other, to be read and not answered: the densest way to teach reading."""
    text, stated = "Case: ", []
    for finding in draw.sample(list(knowledge.findings.values()), rows):
        present = draw.random() < 0.65
        wording = _taught_wording(finding, present, draw)
        stated.append(Stated(finding.id, present, len(text), len(text) + len(wording)))
        text += wording + draw.choice((", ", ", ", ". ", "; ", " and ", "\n"))
    return Example(text + "\nTask: read", "", stated=tuple(stated))


def script_exercise(knowledge: Knowledge, draw: random.Random, rows: int = 4) -> Example:
    """Illness scripts: what a condition usually, sometimes and rarely shows."""

    def script(condition: Condition) -> str:
        def names(low: float, high: float) -> str:
            found = [knowledge.findings[f].name for f, p in condition.findings.items() if low <= p < high]
            draw.shuffle(found)
            return ", ".join(found[:6]) or "nothing"

        return (
            f"{condition.name}: usually {names(0.6, 1)}; often {names(0.3, 0.6)}; rarely {names(0, 0.12)}. "
            f"Settled by {condition.settling_test}. "
            f"Mistaken for {', '.join(knowledge.conditions[m].name for m in condition.mimics)}.\n"
        )

    return Example("Task: describe", "".join(script(c) for c in draw.sample(list(knowledge.conditions.values()), rows)))


def copy_exercise(knowledge: Knowledge, case: GeneratedCase, draw: random.Random) -> Example:
    """Given a finding that the note holds, quote the words that state it."""
    rows = draw.sample(list(case.stated), min(5, len(case.stated)))
    asked = "; ".join(knowledge.findings[s.finding].name for s in rows)
    return Example(
        f"Case: {case.case.text}\nFind: {asked}\nTask: quote",
        spaced_quotations("".join(f'"{case.case.text[s.start : s.end]}"\n' for s in rows)),
        case,
    )
