"""What every strategy is: a frozen configuration with a name, and one generator of events."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.case import Case
from reasoning.engines.engine import Engine, EngineError
from reasoning.events import Event, Failed, Started


class StrategyError(ValueError):
    """No strategy has this name or takes these parameters; the message lists what there is."""


class Budget(BaseModel):
    """What a run may spend on each sample, and how it draws.

    `minimum_thinking_tokens` above 0 turns budget forcing on (s1, arXiv 2501.19393). It is off by default: in medicine
    more "Wait" gave no gain and sometimes turned right answers into wrong ones (m1, arXiv 2504.00869).
    `sampling_source` says who recommends temperature and top_p where the user left them open; empty: the user's, or our defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    thinking_tokens: int = Field(1024, ge=16, le=32_768)
    minimum_thinking_tokens: int = Field(0, ge=0)
    continue_times: int = Field(2, ge=0, le=8)
    answer_tokens: int = Field(900, ge=64, le=8192)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    sampling_source: str = ""
    seed: int = 0

    @model_validator(mode="after")
    def _minimum_below_maximum(self) -> "Budget":
        if self.minimum_thinking_tokens > self.thinking_tokens:
            raise ValueError("minimum_thinking_tokens cannot be larger than thinking_tokens")
        return self


FAMILIES = ("one chain", "many chains", "controlled length", "judged", "searched", "revised", "chosen")
"""What strategies have in common, in the order in which they are listed."""


class Strategy(BaseModel):
    """A way to spend tokens on a case. Holds its configuration and nothing of a run.

    `family` is one of FAMILIES, `summary` one line for whoever chooses, `source` where it was published, `cost` what it pays
    in tokens. The `basic` ones are offered first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    cost: ClassVar[str]
    basic: ClassVar[bool] = False

    def run(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """The events of one run. Ends in Finished, or in Failed with a message for the user; closing it frees the engine."""
        try:
            yield from self.events(case, engine, budget)
        except EngineError as error:
            yield Failed(message=str(error))

    @abstractmethod
    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """The events of one run; EngineError may leave it."""
        raise NotImplementedError


_REGISTRY: dict[str, type[Strategy]] = {}
S = TypeVar("S", bound=Strategy)


def strategy(name: str, title: str) -> Callable[[type[S]], type[S]]:
    """Register a strategy under the name that records and commands use."""

    def register(cls: type[S]) -> type[S]:
        cls.name, cls.title = name, title
        _REGISTRY[name] = cls
        return cls

    return register


def names() -> tuple[str, ...]:
    """The names of all strategies, family by family, the basic ones of each first."""
    return tuple(sorted(_REGISTRY, key=lambda name: (FAMILIES.index(_REGISTRY[name].family), not _REGISTRY[name].basic)))


def kind(name: str) -> type[Strategy]:
    """The class of the strategy of that name. Raises StrategyError."""
    if name not in _REGISTRY:
        raise StrategyError(f"There is no strategy {name!r}; choose one of {', '.join(names())}.")
    return _REGISTRY[name]


def texts(value: Any) -> Any:
    """Several values of a command line, written with / between them."""
    return tuple(part.strip() for part in value.split("/")) if isinstance(value, str) else value


def build(name: str, **parameters: Any) -> Strategy:
    """The strategy of that name with these parameters. Raises StrategyError."""
    cls = kind(name)
    try:
        return cls(**parameters)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or name}: {fault['msg']}" for fault in error.errors())
        raise StrategyError(f"The strategy {name} cannot be built: {faults}") from error


def rebuild(started: Started) -> tuple[Strategy, Budget]:
    """The strategy and budget that a recorded run began with. Raises StrategyError."""
    parameters = dict(started.parameters)
    budget = Budget.model_validate(parameters.pop("budget", {}))
    return build(started.strategy, **parameters), budget
