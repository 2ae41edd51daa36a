"""What an evaluation is about to do: which items, asked how, by which arms. A folder holds one plan and no other."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cases.benchmarks import DATASETS, Benchmark, BenchmarkError, BenchmarkItem, read_benchmark
from reasoning.evaluation.multiple_choice import shuffled
from reasoning.evaluation.suite.arms import Arm
from reasoning.evaluation.suite.errors import SuiteError
from reasoning.evaluation.suite.record import Kind
from reasoning.strategies import Budget, build

Ask = Literal["auto", "options", "diagnosis"]
GENERATED = 100
"""Generated cases where no number is given: these sets have no end."""


class Plan(BaseModel):
    """Everything that decides the answers but the weights; two runs with equal plans and weights may share a folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    file: str | None
    items: int
    items_sha256: str
    rows_left_out: int
    not_asked: int
    ask: Ask
    limit: int | None
    shuffle_options: int | None
    seed: int
    model: str
    quantization: str
    adapter: str | None
    prompts_sha256: str
    arms: tuple[dict[str, Any], ...]

    def differences(self, other: "Plan") -> list[str]:
        """What the other plan has otherwise, in words."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        return [_difference(name, mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]]


@dataclass(frozen=True)
class Prepared:
    """A plan with the items it speaks of and the kind each is asked as."""

    plan: Plan
    arms: tuple[Arm, ...]
    items: tuple[tuple[BenchmarkItem, Kind], ...]
    left_out: tuple[str, ...]


def prepare(
    dataset: str,
    arms: Sequence[Arm],
    *,
    data: Path | None = None,
    ask: Ask = "auto",
    limit: int | None = None,
    shuffle_options: int | None = None,
    seed: int = 0,
    model: str = "demo",
    quantization: str = "nf4",
    adapter: str | Path | None = None,
) -> Prepared:
    """Read a data set by its name or by the path of a file of one's own. Raises SuiteError and BenchmarkError."""
    benchmark = _read(dataset, data, limit)
    asked = [(item, kind) for item in benchmark.items if (kind := _kind(item, ask)) is not None]
    if not asked:
        raise SuiteError(
            f"No item of {benchmark.name} can be asked for {'a letter' if ask == 'options' else 'a diagnosis'}: leave --ask out."
        )
    items = [(item if shuffle_options is None else shuffled(item, shuffle_options), kind) for item, kind in asked][:limit]
    own = data or (None if dataset in DATASETS else Path(dataset))
    plan = Plan(
        dataset=benchmark.name,
        file=own.name if own else None,
        items=len(items),
        items_sha256=_sha256(f"{kind}\x1f{item.model_dump_json()}" for item, kind in items),
        rows_left_out=len(benchmark.left_out),
        not_asked=len(benchmark.items) - len(asked),
        ask=ask,
        limit=limit,
        shuffle_options=shuffle_options,
        seed=seed,
        model=model,
        quantization=quantization,
        adapter=str(adapter) if adapter else None,
        prompts_sha256=_prompts_sha256(),
        arms=tuple(_described(arm) for arm in arms),
    )
    return Prepared(plan, tuple(arms), tuple(items), tuple(str(fault) for fault in benchmark.left_out))


def prepare_again(plan: Plan, file: Path | None = None) -> Prepared:
    """The items and arms of a plan that was made before, the file read again from where it lies now.

    Raises SuiteError when the items, the prompts or anything else are no longer those of the plan; StrategyError, BenchmarkError.
    """
    arms = [
        Arm(arm["label"], build(arm["strategy"], **arm["parameters"]), Budget.model_validate(arm["budget"]), arm["exactly"])
        for arm in plan.arms
    ]
    named = plan.dataset in DATASETS
    again = prepare(
        plan.dataset if named or file is None else str(file),
        arms,
        data=file if named else None,
        ask=plan.ask,
        limit=plan.limit,
        shuffle_options=plan.shuffle_options,
        seed=plan.seed,
        model=plan.model,
        quantization=plan.quantization,
        adapter=Path(plan.adapter) if plan.adapter else None,
    )
    if differences := plan.differences(again.plan):
        raise SuiteError(f"This evaluation cannot go on as it was begun ({'; '.join(differences)}): begin another one.")
    return again


def _read(dataset: str, data: Path | None, limit: int | None) -> Benchmark:
    if dataset in DATASETS:
        known = DATASETS[dataset]
        # A set without a file knows its diagnoses, so none of its items can be left out later.
        return read_benchmark(dataset, data, (limit or GENERATED) if known.made is not None else None)
    if data is not None or not Path(dataset).suffix:
        raise BenchmarkError(
            dataset, "", f"there is no such data set: choose one of {', '.join(DATASETS)}, or give the path of a file of your own."
        )
    return replace(read_benchmark("own", Path(dataset)), name=Path(dataset).name)


def _kind(item: BenchmarkItem, ask: Ask) -> Kind | None:
    """How an item is asked; None when it does not hold what this way of asking needs."""
    free: Kind | None = "diagnosis" if item.diagnosis else "differential" if item.acceptable else None
    if ask == "diagnosis":
        return free
    if ask == "options":
        return "options" if item.options else None
    dataset = DATASETS.get(item.dataset)
    return free if free and (not item.options or (dataset is not None and dataset.free_form)) else "options"


def _described(arm: Arm) -> dict[str, Any]:
    return {
        "label": arm.label,
        "title": arm.title,
        "strategy": arm.strategy.name,
        "parameters": arm.strategy.model_dump(mode="json"),
        "budget": arm.budget.model_dump(mode="json"),
        "exactly": arm.exactly,
    }


def _prompts_sha256() -> str:
    """The hash of all templates: different after any edit of the files."""
    folders = (resources.files("reasoning.prompts").joinpath(name) for name in ("general", "demonstration", "choice"))
    return _sha256(f"{file.name}\x1f{file.read_text('utf-8')}" for folder in folders for file in sorted(folder.iterdir(), key=str))


def _sha256(texts: Iterable[str]) -> str:
    return hashlib.sha256("\x1e".join(texts).encode()).hexdigest()


def _difference(name: str, mine: Any, theirs: Any) -> str:
    if name == "arms":
        one, other = ([arm["label"] for arm in arms] for arms in (mine, theirs))
        return f"strategies: {', '.join(one)} there, {', '.join(other)} here" if one != other else "limits or parameters of the strategies"
    words = name.replace("_", " ")
    if name.endswith("sha256"):
        return f"the {words.removesuffix(' sha256')} themselves"
    return f"{words}: {'none' if mine is None else mine} there, {'none' if theirs is None else theirs} here"
