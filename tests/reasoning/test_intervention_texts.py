"""Changes to a written trace: whole or not at all."""

import random
import re

import pytest

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.evaluation.intervention_negation import negated
from reasoning.evaluation.intervention_texts import exchanged, filler, kept, names_around, names_of
from reasoning.training.texts import TRACES
from reasoning.training.weighing import weigh

KNOWLEDGE = load_knowledge()

LONGSTEP = """## Problem representation
man of 58, hours: swollen toe, fever
## Findings
+ big toe red and fat = swollen toe
+ T 38.9 = fever
- no gout in the family = family history of gout
+ fever chart enclosed = raised CRP
## Hypotheses
Septic arthritis; Gout; Pseudogout
## Evidence weighed
Septic arthritis: for fever | against swollen toe | not stated purulent joint fluid => possible
Gout: for swollen toe, no family history of gout | against fever | not stated raised uric acid => likely
Pseudogout: for nothing | against swollen toe, fever | not stated nothing => unlikely
## Elimination
Pseudogout does not fit with swollen toe.
## Conclusion
Gout > Septic arthritis > Pseudogout
"""

MONOLOG = """Let me read this slowly. A man of 58, hours.
Now the findings. " big toe red and fat": swollen toe. " T 38.9", so fever. " no gout in family": no family history of gout.
My first thought is Septic arthritis, because of fever. What else could it be? Gout; Septic arthritis.
Weighing Gout: for it, swollen toe; against it, fever; I do not know about raised uric acid. Likely.
Consider Septic arthritis: for it, fever; nothing against it. Possible.
Wait, I was too quick. Septic arthritis does not fit well with swollen toe. Gout explains more.
So, in order: Gout > Septic arthritis
"""

BRIEF = LONGSTEP.replace(", no family history of gout |", " |")


def words(text: str) -> int:
    return len(text.split())


def lines_of(text: str, *starts: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(starts)]


def swap(text: str, first: str, second: str, part: str = "all") -> str | None:
    names, others = names_of(first, KNOWLEDGE), names_of(second, KNOWLEDGE)
    return exchanged(text, names, others, names_around({*names, *others}, {"Pseudogout"}, KNOWLEDGE), part)


def test_a_cut_keeps_whole_steps_and_ends_as_the_trace_ended() -> None:
    assert kept(LONGSTEP, 0) == ""
    assert (kept(LONGSTEP, 25) or "").splitlines() == LONGSTEP.splitlines()[:2]
    assert (kept(LONGSTEP, 50) or "").endswith("Septic arthritis; Gout; Pseudogout\n")
    assert (kept(LONGSTEP, 75) or "").endswith("=> unlikely\n")
    assert (kept("Let me see. A man.\n\nNow the findings. Fever.\n\nWait, no.\n\nSo, in order: Gout > Flu", 50) or "").endswith("Fever.")


def test_a_trace_of_too_few_steps_can_only_be_cut_to_nothing() -> None:
    assert [kept("A sentence with no cue at all.", percent) for percent in (0, 25, 75)] == ["", None, None]


def test_dots_are_as_many_as_the_tokens_of_the_trace_and_never_more() -> None:
    assert filler("one two three\n", words) == "... ... ...\n"
    assert words(filler("a b c d e", lambda text: 2 * words(text)) or "") == 5
    assert filler("a b c", lambda text: 10 * text.count("...") or 3) is None


def test_exchanged_hypotheses_exchange_all_that_is_said_of_them_and_nothing_that_is_said_of_the_patient() -> None:
    changed = swap(LONGSTEP, "Gout", "Septic arthritis") or ""
    assert changed.splitlines()[:9] == [*LONGSTEP.splitlines()[:8], "Gout; Septic arthritis; Pseudogout"]
    assert lines_of(changed, "Septic arthritis: ") == [
        "Septic arthritis: for swollen toe, no family history of gout | against fever | not stated raised uric acid => likely"
    ]
    assert lines_of(changed, "Gout: ") == ["Gout: for fever | against swollen toe | not stated purulent joint fluid => possible"]
    assert lines_of(changed, "Pseudogout") == lines_of(LONGSTEP, "Pseudogout")
    assert changed.endswith("Septic arthritis > Gout > Pseudogout\n")


def test_evidence_and_conclusion_can_be_exchanged_on_their_own() -> None:
    evidence, conclusion = swap(LONGSTEP, "Gout", "Septic arthritis", "evidence"), swap(LONGSTEP, "Gout", "Septic arthritis", "conclusion")
    assert (evidence or "").endswith("Gout > Septic arthritis > Pseudogout\n")
    assert "Septic arthritis: for swollen toe" in (evidence or "")
    assert conclusion == LONGSTEP.replace("Gout > Septic arthritis >", "Septic arthritis > Gout >")


def test_a_monologue_is_exchanged_like_a_solution() -> None:
    changed = swap(MONOLOG, "Gout", "Septic arthritis") or ""
    assert changed.splitlines()[:2] == MONOLOG.splitlines()[:2]
    assert changed.splitlines()[2:] == [
        "My first thought is Gout, because of fever. What else could it be? Septic arthritis; Gout.",
        "Weighing Septic arthritis: for it, swollen toe; against it, fever; I do not know about raised uric acid. Likely.",
        "Consider Gout: for it, fever; nothing against it. Possible.",
        "Wait, I was too quick. Gout does not fit well with swollen toe. Septic arthritis explains more.",
        "So, in order: Septic arthritis > Gout",
    ]


def test_prose_keeps_its_letters_and_quotations_and_other_names_are_exchanged_too() -> None:
    prose = 'Weighing it up: podagra fits as always, "gout is in the family"; sepsis fits less.\n\nIn conclusion, gout before sepsis.'
    changed = exchanged(prose, ("Gout", "podagra", "AS"), ("Sepsis",))
    assert changed == (
        'Weighing it up: sepsis fits as always, "gout is in the family"; gout fits less.\n\nIn conclusion, sepsis before gout.'
    )


@pytest.mark.parametrize(
    "text",
    [
        "Weighing gout: it fits.\n\nIn conclusion, gout.",
        "I think gout rather than septic arthritis.",
        "Weighing gout against septic arthritis, called SA here.\n\nIn conclusion, gout, then septic arthritis.",
    ],
    ids=["one of them is not named", "no evidence and no conclusion", "an abbreviation that nobody explained"],
)
def test_what_cannot_be_exchanged_everywhere_is_left_alone(text: str) -> None:
    assert exchanged(text, ("Gout",), ("Septic arthritis",)) is None


def test_a_finding_is_turned_wherever_the_trace_speaks_of_it_and_changes_sides() -> None:
    changed = negated(LONGSTEP, ["Gout"])
    assert changed is not None
    assert (changed.finding, changed.was_present) == ("swollen toe", True)
    assert (
        changed.text
        == """## Problem representation
man of 58, hours: no swollen toe, fever
## Findings
- no swollen toe = swollen toe
+ T 38.9 = fever
- no gout in the family = family history of gout
+ fever chart enclosed = raised CRP
## Hypotheses
Septic arthritis; Gout; Pseudogout
## Evidence weighed
Septic arthritis: for fever, no swollen toe | against nothing | not stated purulent joint fluid => possible
Gout: for no family history of gout | against fever, no swollen toe | not stated raised uric acid => likely
Pseudogout: for no swollen toe | against fever | not stated nothing => unlikely
## Elimination
Nothing can be ruled out yet.
## Conclusion
Gout > Septic arthritis > Pseudogout
"""
    )


def test_a_denied_finding_becomes_a_present_one() -> None:
    changed = negated(LONGSTEP.replace("for swollen toe, no family", "for no family"), ["Gout"])
    assert changed is not None
    assert (changed.finding, changed.was_present) == ("family history of gout", False)
    assert lines_of(changed.text, "+ family") == ["+ family history of gout = family history of gout"]
    assert lines_of(changed.text, "Gout: ") == [
        "Gout: for nothing | against fever, family history of gout | not stated raised uric acid => likely"
    ]


def test_a_monologue_loses_the_impression_that_rested_on_the_finding() -> None:
    changed = negated(MONOLOG, ["Septic arthritis"])
    assert changed is not None
    assert changed.text.splitlines()[1:] == [
        'Now the findings. " big toe red and fat": swollen toe. " no fever", so no fever. " no gout in family": no family history of gout.',
        "My first thought is Septic arthritis, because of the overall picture. What else could it be? Gout; Septic arthritis.",
        "Weighing Gout: for it, swollen toe, no fever; nothing against it; I do not know about raised uric acid. Likely.",
        "Consider Septic arthritis: nothing really speaks for it; against it, no fever. Possible.",
        "Wait, I was too quick. Septic arthritis does not fit well with swollen toe. Gout explains more.",
        "So, in order: Gout > Septic arthritis",
    ]
    turned = negated(MONOLOG, ["Gout"])
    assert turned is not None
    assert "Septic arthritis does not fit well with the rest of the picture. Gout" in turned.text


@pytest.mark.parametrize(
    "text",
    [
        BRIEF.replace("Gout >", "The swollen toe settles it. Gout >"),
        BRIEF.replace("+ T 38.9 = fever", "- T 38.9 = swollen toe"),
        BRIEF.replace("toe | against", "toe; against"),
        "The toe is swollen, so gout is likely.",
    ],
    ids=["said in free words as well", "said to be absent as well", "a line in another form", "free text"],
)
def test_a_finding_that_cannot_be_turned_everywhere_stays(text: str) -> None:
    assert negated(text, ["Gout"]) is None


def test_a_finding_is_not_found_inside_a_longer_one() -> None:
    text = BRIEF.replace("T 38.9 = fever", "T 38.9 = swollen toe joint").replace("for fever", "for swollen toe joint")
    changed = negated(text, ["Gout"], ["swollen toe joint"])
    assert changed is not None
    assert "+ T 38.9 = swollen toe joint\n" in changed.text
    assert "Septic arthritis: for swollen toe joint, no swollen toe |" in changed.text
    assert negated(text, ["Gout"]) is None, "a name that nobody knows may be a free mention"


@pytest.mark.parametrize("style", ["longstep", "longmonolog"])
def test_every_trace_that_is_taught_can_be_turned_and_exchanged_and_exchanged_back(style: str) -> None:
    for seed in range(8):
        case = generate_case(seed, "heldout", KNOWLEDGE)
        rows = weigh(KNOWLEDGE, case)
        text = TRACES[style](KNOWLEDGE, case, rows, random.Random(seed))
        first, second = rows[0].condition.name, rows[1].condition.name
        changed = swap(text, first, second)
        assert changed is not None
        assert re.search(rf"{re.escape(second)} > {re.escape(first)}\b", changed.splitlines()[-1])
        assert swap(changed, first, second) == text
        if rows[0].supporting:
            assert negated(text, [first], [finding.name for finding in KNOWLEDGE.findings.values()]) is not None, seed
