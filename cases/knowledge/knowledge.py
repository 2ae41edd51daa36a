"""Loads the knowledge base and answers: which condition is this name, which finding is this id."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cases.knowledge.schema import Condition, Finding

Row = TypeVar("Row", bound=BaseModel)


class KnowledgeError(ValueError):
    """The knowledge files contradict each other or the schema; the message names the file and the entry."""


def spelled_alike(name: str) -> str:
    """A name reduced to what must agree for two spellings to mean one disease: case, accents, British ae and oe, possessives."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.replace("’", "'")) if not unicodedata.combining(c))
    text = plain.lower().replace("ae", "e").replace("oe", "e").replace("'s", "").replace("-", " ")
    text = re.sub(r"\([^)]*\)", " ", text)
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text).split())


class Knowledge:
    """Conditions and findings by id, with a look-up from any known name of a condition to the condition."""

    def __init__(self, findings: Iterable[Finding], conditions: Iterable[Condition]) -> None:
        self.findings = {finding.id: finding for finding in findings}
        self.conditions = {condition.id: condition for condition in conditions}
        self.by_name: dict[str, Condition] = {}
        for condition in self.conditions.values():
            for name in (condition.name, *condition.synonyms):
                self.by_name.setdefault(spelled_alike(name), condition)
        for condition in self.conditions.values():
            self.by_name[spelled_alike(condition.name)] = condition

    def condition_named(self, name: str) -> Condition | None:
        """The condition that a free-text diagnosis names, or None when the knowledge base does not hold it."""
        return self.by_name.get(spelled_alike(name))

    def problems(self) -> list[str]:
        """Every contradiction between the files, one sentence each; empty when the knowledge is sound."""
        found: list[str] = []
        for condition in self.conditions.values():
            named = (*condition.findings, *condition.pathognomonic, *condition.excluding)
            found += [f"{condition.id}: unknown finding {finding}" for finding in named if finding not in self.findings]
            found += [f"{condition.id}: unknown mimic {mimic}" for mimic in condition.mimics if mimic not in self.conditions]
            if condition.id in condition.mimics:
                found.append(f"{condition.id}: is its own mimic")
        return found


def _rows(folder: Path, model: type[Row]) -> list[Row]:
    rows: list[Row] = []
    seen: set[str] = set()
    for file in sorted(folder.glob("*.yaml")):
        try:
            entries: list[dict[str, Any]] = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []
        except yaml.YAMLError as error:
            raise KnowledgeError(f"{file.name}: {error}") from error
        for entry in entries:
            try:
                row = model.model_validate(entry)
            except ValidationError as error:
                raise KnowledgeError(f"{file.name}, {entry.get('id', entry)}: {error}") from error
            identifier = entry["id"]
            if identifier in seen:
                raise KnowledgeError(f"{file.name}: {identifier} is defined twice")
            seen.add(identifier)
            rows.append(row)
    return rows


@lru_cache(maxsize=1)
def load_knowledge() -> Knowledge:
    """The shipped knowledge base, checked entry by entry. Raises KnowledgeError with the file and entry at fault."""
    folder = Path(str(resources.files("cases.knowledge")))
    return Knowledge(_rows(folder / "findings", Finding), _rows(folder / "conditions", Condition))
