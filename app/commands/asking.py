"""From command line options to a strategy, a budget and an engine."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
    name: str,
    samples: int | None,
    inner: Inner | None,
    temperature: float | None,
    limits: Mapping[str, int],
    seed: int,
    settings: Sequence[str] = (),
) -> tuple["Strategy", "Budget"]:
    """The strategy and what it may spend. `settings` are further parameters, each NAME=VALUE. Raises InputError and StrategyError."""
    from pydantic import ValidationError

    from reasoning.strategies import Budget, build, kind

    takes = kind(name).model_fields
    own = "temperature" in takes
    given: dict[str, Any] = {"samples": samples, "inner": inner.value if inner else None, "temperature": temperature if own else None}
    parameters = {key: value for key, value in given.items() if value is not None}
    for key in parameters:
        if key not in takes:
            raise InputError(f"The strategy {name} takes no --{key}: leave it out, or choose --strategy majority_vote.")
    parameters |= _settings(settings, takes)
    try:
        spend = {**limits, "seed": seed}
        budget = Budget.model_validate(spend if own or temperature is None else {**spend, "temperature": temperature})
    except ValidationError as error:
        raise InputError(fault(error)) from None
    return build(name, **parameters), budget


def _settings(texts: Sequence[str], takes: Collection[str]) -> dict[str, str]:
    """Parameters as they were typed; the strategy itself reads their values. Raises InputError."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not (key and equals and value):
            raise InputError(f"--set {text}: write NAME=VALUE, such as threshold=0.9; several values with / between them.")
        if key not in takes:
            raise InputError(f"--set {text}: this strategy has no parameter {key}; it takes {', '.join(takes) or 'none'}.")
        found[key] = value
    return found


def loader(
    settings: "Settings", strategy: "Strategy", model: str | None, adapter: Sequence[str] | None, quantization: Quantization
) -> Callable[[], "Engine"]:
    """What loads the model when it is called. Raises InputError when the strategy takes no adapter."""
    from app.models import engine_loader

    chain = str(getattr(strategy, "inner", strategy.name))
    given = adapters_given(adapter or ())
    if None in given and chain not in TUNABLE:
        raise InputError(
            f"The strategy {chain} takes no adapter: leave --adapter out, choose {' or '.join(TUNABLE)}, or say whose it is: NAME=PATH."
        )
    kind: Literal["nf4", "none"] = "nf4" if quantization is Quantization.nf4 else "none"
    return engine_loader(settings, model, adapters=named(given, chain), quantization=kind)


def adapters_given(texts: Sequence[str]) -> dict[str | None, str]:
    """Where adapters are, by strategy; None stands for the strategy that is chosen. Raises InputError."""
    found: dict[str | None, str] = {}
    for text in texts:
        name, equals, place = text.partition("=")
        named = bool(equals) and name.isidentifier()
        if named and name not in TUNABLE:
            raise InputError(f"There is no adapter for {name!r}: --adapter takes NAME=PATH or NAME=HUB_ID for {', '.join(TUNABLE)}.")
        key, place = (name, place) if named else (None, text)
        if key in found or not place:
            raise InputError(f"--adapter {text}: give one place for each strategy, such as longstep=adapters/mine.")
        found[key] = place
    return found


def named(given: Mapping[str | None, str], chain: str) -> dict[str, str]:
    """The adapters with the one for the chosen strategy under its name. Raises InputError when it was named as well."""
    if None in given and chain in given:
        raise InputError(f"--adapter names the place of {chain} twice: leave one out.")
    return {chain if name is None else name: place for name, place in given.items()}


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
