"""The sampling that a model's makers recommend, as the default of runs on it."""

from typing import TypeVar

from reasoning.presets import RecommendedSampling, find_preset, name_of
from reasoning.strategies.strategy import Budget, Strategy

S = TypeVar("S", bound=Strategy)


def recommended_for(model: str) -> RecommendedSampling | None:
    """What is recommended for a model given by preset name, hub id or folder; None where nothing is known. Raises EngineError."""
    preset = find_preset(model)
    return preset.sampling if preset else None


def as_recommended(strategy: S, budget: Budget, model: str) -> tuple[S, Budget]:
    """Strategy and budget with the model's recommended temperature and top_p, for a run whose user set neither. Raises EngineError.

    A strategy with a temperature of its own gets the recommended one unless that is 0: samples that must differ cannot be drawn with it.
    The budget says where its values come from, and so does every record of the run.
    """
    sampling = recommended_for(model)
    if sampling is None:
        return strategy, budget
    if "temperature" in type(strategy).model_fields and sampling.temperature > 0:
        strategy = type(strategy).model_validate({**strategy.model_dump(), "temperature": sampling.temperature})
    return strategy, within_budget(budget, sampling, model)


def within_budget(budget: Budget, sampling: RecommendedSampling, model: str) -> Budget:
    """The budget drawing as recommended, and saying so."""
    drawn = sampling.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    source = f"recommended for {name_of(model)}: {sampling.words}; {sampling.source}"
    return Budget.model_validate({**budget.model_dump(), **drawn, "sampling_source": source})
