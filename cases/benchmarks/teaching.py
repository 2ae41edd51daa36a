"""The built-in teaching cases as benchmark items: few, in our own words, each with a trap."""

from collections.abc import Iterator

from cases.benchmarks.item import BenchmarkItem, find_evidence
from cases.library import load_library, to_case


def library_items() -> Iterator[BenchmarkItem]:
    """Every case of the library, in its own order."""
    for entry in load_library():
        case = to_case(entry)
        yield BenchmarkItem(
            id=case.id,
            dataset="library",
            text=case.text,
            diagnosis=entry.gold,
            synonyms=case.gold_synonyms,
            acceptable=entry.acceptable,
            cannot_miss=entry.cannot_miss,
            evidence=tuple(find_evidence(case.text, quote, entry.gold) for quote in entry.key_evidence),
            difficulty=entry.difficulty.value,
            group=entry.specialty,
        )
