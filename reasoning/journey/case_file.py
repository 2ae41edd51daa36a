"""Cases to think through: the user's own file, or generated ones of the training split."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cases.benchmarks import BenchmarkError
from cases.benchmarks.rows import read_rows
from cases.case import Case, CaseError, Origin, read_case
from cases.generator import generate_case
from cases.knowledge import Knowledge
from reasoning.journey.record import JourneyError

NOTE = ("text", "vignette", "case_vignette", "case", "question")
GOLD = ("gold", "diagnosis", "answer")
"""Names that a column may have; the first one that is there is taken."""
SPECIALTY = ("specialty", "category")


@dataclass(frozen=True)
class SourceCase:
    """A case with its gold diagnosis, the seed that its trace is drawn with, and its specialty where the file names one."""

    case: Case
    seed: int
    specialty: str = ""


def generated(knowledge: Knowledge, count: int, first_seed: int) -> list[SourceCase]:
    """Generated cases of consecutive seeds. Their split is the training one: held-out cases stay unseen."""
    return [SourceCase(generate_case(seed, "train", knowledge).case, seed) for seed in range(first_seed, first_seed + count)]


def read_case_file(path: Path, count: int, first_seed: int) -> list[SourceCase]:
    """The first `count` cases of a JSON, JSONL or CSV file with a note and a diagnosis in each row. Raises JourneyError naming the row."""
    try:
        return _read(path, count, first_seed)
    except BenchmarkError as error:
        raise JourneyError(str(error)) from None


def _read(path: Path, count: int, first_seed: int) -> list[SourceCase]:
    found: list[SourceCase] = []
    seen: set[str] = set()
    for row in islice(read_rows(path), count):
        text, gold = row.optional(*NOTE), row.optional(*GOLD)
        if not text or not gold:
            raise JourneyError(f"{path.name}, case {row.number} needs a note ({', '.join(NOTE)}) and a diagnosis ({', '.join(GOLD)}).")
        try:
            case = read_case(text, origin=Origin.benchmark, gold=gold, id=row.optional("id", "case_id") or str(row.number))
        except CaseError as error:
            raise JourneyError(f"{path.name}, case {row.number}: {error}") from None
        if case.id in seen:
            raise JourneyError(f"{path.name}, case {row.number} has the id of an earlier one: give every case an id of its own.")
        seen.add(case.id)
        synonyms = tuple(name.strip() for part in row.several("synonyms") for name in part.split(";") if name.strip())
        named = case.model_copy(update={"gold_synonyms": synonyms})
        found.append(SourceCase(named, first_seed + row.number - 1, row.optional(*SPECIALTY) or ""))
    return found
