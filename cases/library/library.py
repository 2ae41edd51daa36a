"""The built-in case library: vignettes in our own words, each with its answer, its trap and the words that decide it."""

from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.case import Case, Origin, read_case
from cases.knowledge import load_knowledge

Name = Annotated[str, Field(min_length=1)]


class LibraryError(ValueError):
    """A library file does not follow the format; the message names the file and the entry."""


class Difficulty(StrEnum):
    easy = "easy"
    medium = "medium"
    hard = "hard"


class Register(StrEnum):
    """Who is writing, and how."""

    textbook = "textbook"
    triage = "triage"
    letter = "letter"
    patient = "patient"
    dictation = "dictation"


class LibraryCase(BaseModel):
    """One vignette. `key_evidence` are exact quotations of `text`; `gold` is a condition's name unless `outside_knowledge`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Name
    specialty: Name
    difficulty: Difficulty
    note_register: Annotated[Register, Field(alias="register")]
    text: Name
    gold: Name
    acceptable: tuple[Name, ...] = ()
    cannot_miss: tuple[Name, ...] = ()
    teaching: Name
    key_evidence: Annotated[tuple[Name, ...], Field(min_length=3, max_length=6)]
    outside_knowledge: bool = False


@lru_cache(maxsize=1)
def load_library() -> tuple[LibraryCase, ...]:
    """Every shipped case, in file order. Raises LibraryError with the file and entry at fault."""
    rows: dict[str, LibraryCase] = {}
    files = (file for file in resources.files("cases.library").iterdir() if file.name.endswith(".yaml"))
    for file in sorted(files, key=lambda file: file.name):
        entries: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8")) or []
        for entry in entries:
            try:
                row = LibraryCase.model_validate(entry)
            except ValidationError as error:
                raise LibraryError(f"{file.name}, {entry.get('id', entry)}: {error}") from error
            if row.id in rows:
                raise LibraryError(f"{file.name}: {row.id} is defined twice")
            rows[row.id] = row
    return tuple(rows.values())


def to_case(library_case: LibraryCase) -> Case:
    """The library case as a Case, with every name under which its diagnosis is known."""
    condition = load_knowledge().condition_named(library_case.gold)
    synonyms = condition.synonyms if condition else library_case.acceptable
    case = read_case(
        library_case.text, title=library_case.title, origin=Origin.library, gold=library_case.gold, id=f"library-{library_case.id}"
    )
    return case.model_copy(update={"gold_synonyms": synonyms})
