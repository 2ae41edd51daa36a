"""Evaluations of the app as folders of the data folder: begun, gone on with, listed. The command line reads the same folders."""

import json
import re
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from reasoning.evaluation.suite import Plan, Prepared, SuiteError, parse_arms, prepare, prepare_again
from reasoning.evaluation.suite.folder import RECORDS, SETTINGS, begin, read_settings
from reasoning.strategies import Budget

SOURCE = "source"
"""Where an evaluation keeps the file that was uploaded for it, so that it can go on after a restart."""
SUMMARY = "summary.json"
"""The figures of the last report."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Upload:
    """A file that a browser sent: its name, and all of it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Earlier:
    """What the folder of an evaluation says of it. `figures` are those of its last report: title, share and interval of each strategy."""

    id: str
    plan: Plan
    started: datetime
    model: str
    answers: int
    figures: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def wanted(self) -> int:
        """How many answers there are when it is complete."""
        return self.plan.items * len(self.plan.arms)

    @property
    def complete(self) -> bool:
        """Whether every strategy has answered every case."""
        return self.answers >= self.wanted


def new_id() -> str:
    """A name for a folder and an address: when it was begun, and chance."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"


def home_of(home: Path) -> Path:
    """Where evaluations lie in the data folder."""
    return home / "evaluations"


def folder_of(home: Path, id: str) -> Path | None:
    """The folder of an evaluation, or None when there is none of that name. A name that leads elsewhere is none."""
    folder = home_of(home) / id
    return folder if _NAME.fullmatch(id) and (folder / SETTINGS).is_file() else None


def begin_evaluation(
    home: Path, id: str, dataset: str, strategies: list[str], budget: Budget, *, model: str, limit: int | None, upload: Upload | None = None
) -> Prepared:
    """Write down what is about to be measured; nothing is asked of a model yet. The same `id` begins one evaluation only.

    `dataset` is a name of cases.benchmarks. Raises SuiteError, BenchmarkError and StrategyError, and leaves nothing behind then.
    """
    if (folder := folder_of(home, id)) is not None:
        return go_on(folder, model)
    arms = parse_arms(strategies, budget)
    kept = home_of(home) / f".{id}"
    try:
        file = _keep(kept, upload) if upload else None
        own = dataset == "own" and file is not None
        prepared = prepare(str(file) if own else dataset, arms, data=None if own else file, limit=limit, seed=budget.seed, model=model)
        folder = home_of(home) / id
        begin(folder, prepared.plan, prepared.left_out, resume=False)
        if file:
            kept.replace(folder / SOURCE)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SuiteError(f"{home_of(home)} cannot be written ({reason}): make room, or allow writing there.") from None
    finally:
        shutil.rmtree(kept, ignore_errors=True)
    return prepared


def go_on(folder: Path, model: str) -> Prepared:
    """What a folder's evaluation still is to do. Raises SuiteError when it cannot go on here, BenchmarkError, StrategyError."""
    plan, _ = read_settings(folder)
    if plan.model != model:
        raise SuiteError(f"This evaluation measures {plan.model}, and here {model} answers: go on where SOLILOQUY_MODEL is {plan.model}.")
    if plan.adapter or plan.quantization != "nf4":
        raise SuiteError("This evaluation measures an adapter or a quantisation of its own: go on with `soliloquy evaluate --resume`.")
    file = folder / SOURCE / plan.file if plan.file else None
    if file is not None and not file.is_file():
        raise SuiteError("The file with the cases is not in this evaluation's folder: go on with `soliloquy evaluate --resume`.")
    return prepare_again(plan, file)


def earlier(home: Path) -> list[Earlier]:
    """All evaluations in the data folder that can be read, newest first."""
    try:
        names = [entry.name for entry in home_of(home).iterdir()]
    except OSError:
        return []
    found = [one for name in names if (one := read_earlier(home, name)) is not None]
    return sorted(found, key=lambda one: one.started, reverse=True)


def read_earlier(home: Path, id: str) -> Earlier | None:
    """What a folder says, without reading its records; None when it is no evaluation, or of a version that cannot be read."""
    folder = folder_of(home, id)
    if folder is None:
        return None
    return _read(folder, tuple(_stamp(folder / name) for name in (SETTINGS, RECORDS, SUMMARY)))


@lru_cache(maxsize=512)
def _read(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Earlier | None:
    """The list is drawn at every click of its page, and reads only what has changed since."""
    try:
        plan, document = read_settings(folder)
        started = datetime.fromisoformat(document["started"])
    except (SuiteError, ValueError):
        return None
    card = document.get("card") or {"id": plan.model}
    return Earlier(folder.name, plan, started, str(card["id"]), _answers(folder), _figures(folder))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _answers(folder: Path) -> int:
    """How many answers are on the disk."""
    try:
        with (folder / RECORDS).open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


def _figures(folder: Path) -> tuple[tuple[str, dict[str, Any]], ...]:
    try:
        summary = json.loads((folder / SUMMARY).read_text("utf-8"))
        return tuple((arm["title"], arm["right"]) for arm in summary["arms"] if arm["exactly"] is None)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _keep(folder: Path, upload: Upload) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The last part only: a browser's file name must not lead out of the folder.
    file = folder / Path(upload.name.replace("\\", "/")).name
    file.write_bytes(upload.content)
    return file
