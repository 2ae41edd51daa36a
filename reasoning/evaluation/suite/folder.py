"""The folder of an evaluation: settings.json says what was asked, records.jsonl grows by a line a case and strategy.

Notes lie in it, in the prompts and quotations: the folder is made readable for its owner only.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reasoning.engines.engine import ModelCard
from reasoning.evaluation.suite.errors import SuiteError
from reasoning.evaluation.suite.plan import Plan
from reasoning.evaluation.suite.record import Record
from reasoning.journey import JourneyError
from reasoning.journey.lines import append_rows, read_rows, resume_rows

SETTINGS, RECORDS, BASELINES = "settings.json", "records.jsonl", "baselines.json"
_IDENTITY = ("id", "revision", "weights_sha256", "quantization", "adapters", "prompt_family", "closed_vocabulary")


@dataclass(frozen=True)
class Kept:
    """What a folder holds: its plan, when it was begun, what answered, and the records in the order they came."""

    plan: Plan
    started: str
    card: ModelCard | None
    records: tuple[Record, ...]
    left_out: tuple[str, ...]
    baselines: Mapping[str, Mapping[str, int | None]]


def begin(folder: Path, plan: Plan, left_out: tuple[str, ...], resume: bool) -> tuple[Record, ...]:
    """Make the folder, or go on with it; the records that stand, a last one that was cut off taken away. Raises SuiteError."""
    try:
        if not (folder / SETTINGS).exists():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise SuiteError(f"{folder} is not the folder of an evaluation and not empty: choose another with --out.")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            started = datetime.now(UTC).isoformat(timespec="seconds")
            _write(folder, {"plan": plan.model_dump(mode="json"), "started": started, "card": None, "left_out": list(left_out)})
            return ()
    except OSError as error:
        raise _unusable(folder, error) from None
    differences = read_settings(folder)[0].differences(plan)
    if differences:
        raise SuiteError(f"{folder} holds another evaluation ({'; '.join(differences)}): choose another folder with --out.")
    if not resume:
        raise SuiteError(f"{folder} holds this evaluation already: go on with --resume, or choose another folder with --out.")
    try:
        return tuple(resume_rows(folder / RECORDS, Record))
    except JourneyError as error:
        raise SuiteError(str(error)) from None


def keep_card(folder: Path, card: ModelCard) -> None:
    """Note which weights answer. Raises SuiteError when others answered before."""
    document = json.loads((folder / SETTINGS).read_text("utf-8"))
    before = document["card"] and ModelCard.model_validate(document["card"])
    if before and any(getattr(before, name) != getattr(card, name) for name in _IDENTITY):
        raise SuiteError(f"Other weights answered in {folder} before ({before.id}): begin another evaluation, in another folder.")
    if not before:
        _write(folder, {**document, "card": card.model_dump(mode="json")})


def append(folder: Path, record: Record) -> None:
    """Add a record; it is on the disk when this returns. Raises SuiteError."""
    try:
        append_rows(folder / RECORDS, [record])
    except JourneyError as error:
        raise SuiteError(str(error)) from None


def keep_baselines(folder: Path, ranks: Mapping[str, Mapping[str, int | None]]) -> None:
    """Keep the rank of the right diagnosis by baseline and case."""
    _replace(folder / BASELINES, ranks)


def read_folder(folder: Path) -> Kept:
    """All that a folder holds; nothing is changed. Raises SuiteError."""
    plan, document = read_settings(folder)
    try:
        records = read_rows(folder / RECORDS, Record) if (folder / RECORDS).exists() else []
    except JourneyError as error:
        raise SuiteError(str(error)) from None
    card = document.get("card")
    baselines = json.loads((folder / BASELINES).read_text("utf-8")) if (folder / BASELINES).exists() else {}
    unique = {(record.arm, record.case): record for record in records}
    return Kept(
        plan,
        document["started"],
        ModelCard.model_validate(card) if card else None,
        tuple(unique.values()),
        tuple(document["left_out"]),
        baselines,
    )


def read_settings(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a folder, and all else that its settings say. Raises SuiteError."""
    try:
        document = json.loads((folder / SETTINGS).read_text("utf-8"))
        return Plan.model_validate(document["plan"]), document
    except FileNotFoundError:
        raise SuiteError(f"{folder} is not the folder of an evaluation: give one that `soliloquy evaluate --out` wrote.") from None
    except (ValidationError, json.JSONDecodeError, KeyError, TypeError):
        raise SuiteError(f"{folder.name}/{SETTINGS} cannot be read, or is of another version: choose another folder.") from None
    except OSError as error:
        raise _unusable(folder, error) from None


def _write(folder: Path, document: Mapping[str, Any]) -> None:
    _replace(folder / SETTINGS, document)


def _replace(path: Path, document: Mapping[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise _unusable(path.parent, error) from None


def _unusable(folder: Path, error: OSError) -> SuiteError:
    return SuiteError(f"{folder} cannot be used ({(error.strerror or type(error).__name__).lower()}): choose another folder with --out.")
