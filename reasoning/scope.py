"""Whether a note is written in words that the demonstration model was taught: it knows nothing else and cannot say so itself."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from cases.case import Case
from cases.generator import generate_case
from cases.knowledge import Knowledge, load_knowledge
from reasoning.phrases import Recognised, phrasebook, recognise, words_of

SCOPE_FILE = Path(str(resources.files("reasoning"))) / "demonstration" / "scope.json"
_SHARE_KEY = "recognised_share_5th_percentile"


@dataclass(frozen=True)
class Recognition:
    """What of a note the knowledge base's phrasings cover. `share` counts words; `unknown_words` occur in no phrasing."""

    findings: tuple[Recognised, ...]
    share: float
    unknown_words: tuple[str, ...]


def recognised_share(text: str, knowledge: Knowledge) -> Recognition:
    """The phrases of the knowledge base in a text, and the share of its words that they cover."""
    words = words_of(text)
    phrases = recognise(text, knowledge, words)
    covered = place = 0
    for phrase in phrases:
        while place < len(words) and words[place].start < phrase.start:
            place += 1
        while place < len(words) and words[place].end <= phrase.end:
            covered, place = covered + 1, place + 1
    known = phrasebook(knowledge).words
    unknown = dict.fromkeys(word.text for word in words if not word.text[0].isdigit() and word.text not in known)
    return Recognition(tuple(p for p in phrases if p.finding), covered / len(words) if words else 0.0, tuple(unknown))


def measure_scope(n: int, knowledge: Knowledge | None = None, first_seed: int = 900_000) -> dict[str, float]:
    """The 5th percentile of the recognised share over n held-out generated cases, ready for the scope file."""
    knowledge = knowledge or load_knowledge()
    shares = sorted(recognised_share(generate_case(first_seed + i, "heldout", knowledge).case.text, knowledge).share for i in range(n))
    return {_SHARE_KEY: round(shares[int(0.05 * (n - 1))], 4), "recognised_share_median": round(shares[n // 2], 4), "cases": n}


def write_scope(values: dict[str, Any], path: Path = SCOPE_FILE) -> None:
    """Put measured values into the scope file; values measured by others stay."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**known, **values}, indent=2, sort_keys=True) + "\n", "utf-8")


def scope_warning(case: Case, knowledge: Knowledge, path: Path = SCOPE_FILE) -> str | None:
    """A sentence when less of the note is recognised than in nineteen of twenty cases the model was made for; None otherwise.

    None also when nothing was measured yet.
    """
    if not path.exists():
        return None
    threshold = json.loads(path.read_text("utf-8")).get(_SHARE_KEY)
    found = recognised_share(case.text, knowledge)
    if threshold is None or found.share >= threshold:
        return None
    return (
        f"This note is outside what the demonstration model was taught: it recognises {found.share:.0%} of the words "
        f"({len(found.findings)} findings), and at least {threshold:.0%} in 95 of 100 of its own cases. "
        "Do not rely on the result; use a full model for real notes."
    )
