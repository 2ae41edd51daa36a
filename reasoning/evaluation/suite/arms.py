"""The arms of an evaluation: strategies with their parameters and budgets, as `name:parameter=value:…` names them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from reasoning.evaluation.suite.errors import SuiteError
from reasoning.recommended import as_recommended
from reasoning.strategies import Budget, Strategy, StrategyError, build, names

BUDGET_NAMES = {
    "think": "thinking_tokens",
    "minimum_think": "minimum_thinking_tokens",
    "waits": "continue_times",
    "answer": "answer_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
}
"""Parameters of the budget, by the names that an arm has for them."""

MOST_WAITS = 8


@dataclass(frozen=True)
class Arm:
    """One strategy with its budget. `label` says all that was asked for and can be read back; `exactly` is the length it is forced to."""

    label: str
    strategy: Strategy
    budget: Budget
    exactly: int | None = None

    @property
    def title(self) -> str:
        """The arm in words."""
        if self.exactly is not None:
            return f"{self.strategy.title}, {self.exactly:,} tokens"
        settings = self.label.split(":")[1:]
        return ", ".join([self.strategy.title, *(setting.replace("_", " ").replace("=", " ") for setting in settings)])


def parse_arms(texts: Iterable[str], budget: Budget) -> tuple[Arm, ...]:
    """The arms of `vanilla,cot:think=512,majority_vote:samples=8:inner=cot`; what an arm does not say is taken from `budget`.

    Raises SuiteError and StrategyError, both with what there is to choose from.
    """
    arms = [_arm(part.strip(), budget) for text in texts for part in text.split(",") if part.strip()]
    if not arms:
        raise SuiteError(f"No strategy was named: choose from {', '.join(names())}, several with commas between them.")
    labels = [arm.label for arm in arms]
    for label in labels:
        if labels.count(label) > 1:
            raise SuiteError(f"The strategy {label} is named twice: leave one out, or give it another parameter.")
    return tuple(arms)


def arms_as_recommended(arms: Sequence[Arm], model: str) -> tuple[Arm, ...]:
    """The arms with the model's recommended sampling, where they do not name their own. Raises EngineError."""
    found = []
    for arm in arms:
        named = {setting.partition("=")[0] for setting in arm.label.split(":")[1:]}
        strategy, budget = (
            (arm.strategy, arm.budget) if {"temperature", "top_p"} & named else as_recommended(arm.strategy, arm.budget, model)
        )
        found.append(replace(arm, strategy=strategy, budget=budget))
    return tuple(found)


def swept(arms: Sequence[Arm], lengths: Sequence[int]) -> tuple[Arm, ...]:
    """Every arm of one chain that thinks, once for each length, forced to be neither shorter nor longer (arXiv 2501.19393).

    Raises SuiteError when no arm can be forced, or a length cannot be had.
    """
    thinking = [arm for arm in arms if getattr(arm.strategy, "thinks", False)]
    if not thinking:
        raise SuiteError("--sweep forces the length of one chain that thinks, and none was named: add cot, longstep or longmonolog.")
    return tuple(_forced(arm, length) for arm in thinking for length in sorted(set(lengths)))


def _arm(text: str, budget: Budget) -> Arm:
    name, *settings = text.split(":")
    given: dict[str, str] = {}
    for setting in settings:
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not (key and equals and value):
            raise SuiteError(f"{setting!r} in {text!r} is not a parameter: write name:parameter=value, such as majority_vote:samples=8.")
        if key in given:
            raise SuiteError(f"{key} stands twice in {text!r}: leave one out.")
        given[key] = value
    known = tuple(type(build(name)).model_fields)
    unknown = [key for key in given if key not in known and key not in BUDGET_NAMES]
    if unknown:
        takes = ", ".join(dict.fromkeys((*known, *BUDGET_NAMES)))
        raise StrategyError(f"The strategy {name} has no parameter {unknown[0]}: it takes {takes}.")
    strategy = build(name, **{key: value for key, value in given.items() if key in known})
    spend = {BUDGET_NAMES[key]: value for key, value in given.items() if key not in known}
    return Arm(":".join([name, *(f"{key}={value}" for key, value in given.items())]), strategy, _budget(budget, spend, text))


def _budget(budget: Budget, changes: dict[str, Any], label: str) -> Budget:
    try:
        chosen = {"sampling_source": ""} if {"temperature", "top_p"} & changes.keys() else {}
        return Budget.model_validate({**budget.model_dump(), **chosen, **changes})
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        named = {long: short for short, long in BUDGET_NAMES.items()}
        where = f"{named.get(str(fault['loc'][0]), fault['loc'][0])}: " if fault["loc"] else ""
        raise SuiteError(f"The limits of {label} cannot be had: {where}{fault['msg'].removeprefix('Value error, ')}.") from None


def _forced(arm: Arm, length: int) -> Arm:
    label = ":".join([part for part in arm.label.split(":") if part.partition("=")[0] not in ("think", "minimum_think", "waits")])
    label = f"{label}:think={length}:minimum_think={length}:waits={MOST_WAITS}"
    limits = {"thinking_tokens": length, "minimum_thinking_tokens": length, "continue_times": MOST_WAITS}
    return Arm(label, arm.strategy, _budget(arm.budget, limits, label), exactly=length)
