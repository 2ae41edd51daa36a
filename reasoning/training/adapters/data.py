"""The journey file that an adapter is tuned on: which records, for which strategy, for which base."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reasoning.engines.engine import Message
from reasoning.journey.lines import read_rows
from reasoning.journey.record import JourneyRecord, Style, to_case
from reasoning.prompts import render
from reasoning.strategies.chain import CHAINS
from reasoning.training.adapters.base import Base
from reasoning.training.adapters.errors import ConfigurationError


@dataclass(frozen=True)
class Data:
    """Records of one strategy, in the order of the file."""

    file: str
    sha256: str
    strategy: str
    records: tuple[JourneyRecord, ...]
    in_file: int

    def pairs(self) -> Iterator[tuple[Sequence[Message], str]]:
        """What is asked and what is to be answered."""
        return ((record.messages, record.completion) for record in self.records)

    def outdated(self) -> int:
        """How many records ask in other words than the strategy does today: their lessons fit the prompts of another version."""
        asked = (render(record.prompt_family, self.strategy, to_case(record)) for record in self.records)
        return sum(list(record.messages) != now for record, now in zip(self.records, asked, strict=True))


def read_data(path: Path, base: Base, strategy: str | None = None) -> Data:
    """The records of a strategy; of the only one in the file when none is named. Raises ConfigurationError and JourneyError."""
    rows = read_rows(path, JourneyRecord)
    if not rows:
        raise ConfigurationError(f"{path.name} holds no record: make some with `soliloquy journey synthesize`.")
    held = Counter(row.style.strategy for row in rows)
    if strategy is None and len(held) > 1:
        raise ConfigurationError(f"{path.name} holds records of {' and '.join(sorted(held))}: choose one with --strategy.")
    chosen = strategy or next(iter(held))
    tunable = [name for name, chain in CHAINS.items() if chain.tunable]
    if chosen not in tunable:
        raise ConfigurationError(f"The strategy {chosen} takes no adapter: train one for {' or '.join(tunable)}.")
    records = tuple(row for row in rows if row.style is Style(chosen))
    if not records:
        raise ConfigurationError(
            f"{path.name} holds no {chosen} record, only {', '.join(sorted(held))}: choose another file or --strategy."
        )
    families = sorted({record.prompt_family for record in records})
    if len(families) > 1 or base.prompt_family not in (None, families[0]):
        wanted = base.prompt_family or families[0]
        raise ConfigurationError(
            f"{path.name} asks with the prompts of {' and '.join(families)}, but {base.name} is asked with those of {wanted}: "
            f"make the records with `soliloquy journey synthesize --prompts {wanted}`."
        )
    return Data(path.name, file_sha256(path), chosen, records, len(rows))


def file_sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
