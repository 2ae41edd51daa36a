"""From command line options to a strategy, a budget and an engine."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.commands.errors import InputError
from app.commands.options import Inner, Quantization

if TYPE_CHECKING:
    from reasoning.engines.engine import Engine
    from reasoning.strategies import Budget, Strategy
    from storage.settings import Settings

TUNABLE = ("cot", "longstep", "longmonolog")


def limits(think: int, minimum_think: int, answer: int) -> dict[str, int]:
    """The token limits of one sample, by the names that a budget has for them."""
    return {"thinking_tokens": think, "minimum_thinking_tokens": minimum_think, "answer_tokens": answer}


def strategy_and_budget(
    name: str, samples: int | None, inner: Inner | None, temperature: float | None, limits: Mapping[str, int], seed: int
) -> tuple["Strategy", "Budget"]:
    """The strategy and what it may spend. Raises InputError and StrategyError."""
    from pydantic import ValidationError

    from reasoning.strategies import Budget, MajorityVote, build

    votes = name == MajorityVote.name
    given: dict[str, Any] = {"samples": samples, "inner": inner.value if inner else None, "temperature": temperature if votes else None}
    parameters = {key: value for key, value in given.items() if value is not None}
    strategy = build(name) if not parameters or votes else None
    if strategy is None:
        build(name)  # an unknown name is the worse mistake
        raise InputError(f"The strategy {name} takes no --{next(iter(parameters))}: leave it out, or choose --strategy majority_vote.")
    try:
        spend = {**limits, "seed": seed}
        budget = Budget.model_validate(spend if votes or temperature is None else {**spend, "temperature": temperature})
    except ValidationError as error:
        raise InputError(fault(error)) from None
    return build(name, **parameters), budget


def loader(
    settings: "Settings", strategy: "Strategy", model: str | None, adapter: Path | None, quantization: Quantization
) -> Callable[[], "Engine"]:
    """What loads the model when it is called. Raises InputError when the strategy takes no adapter."""
    from app.models import engine_loader

    chain = str(getattr(strategy, "inner", strategy.name))
    if adapter is not None and chain not in TUNABLE:
        raise InputError(f"The strategy {chain} takes no adapter: leave --adapter out, or choose {' or '.join(TUNABLE)}.")
    kind: Literal["nf4", "none"] = "nf4" if quantization is Quantization.nf4 else "none"
    return engine_loader(settings, model, adapters={chain: adapter} if adapter is not None else None, quantization=kind)


def fault(error: Any) -> str:
    """What is wrong with a budget, in the words of the options."""
    names = {
        "thinking_tokens": "--think",
        "minimum_thinking_tokens": "--minimum-think",
        "answer_tokens": "--answer",
        "temperature": "--temperature",
        "seed": "--seed",
    }
    first = error.errors(include_input=False, include_url=False)[0]
    if not first["loc"]:
        return "--minimum-think cannot be larger than --think: lower the one or raise the other."
    return f"{names.get(str(first['loc'][0]), first['loc'][0])} is out of range: {first['msg'][:1].lower()}{first['msg'][1:]}."
