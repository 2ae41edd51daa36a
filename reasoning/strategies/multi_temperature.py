"""Several temperatures: one vote of sober and of bold samples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, Request, Sampling
from reasoning.events import Event, Finished
from reasoning.strategies.inner import InnerName, inner_chain
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy, strategy, texts
from reasoning.strategies.voting import verdict

Temperature = Annotated[float, Field(gt=0, le=2)]


@strategy("multi_temperature", "Several temperatures")
class MultiTemperature(Strategy):
    """Spread the samples of a vote over several temperatures, in one batch of the engine.

    Source: Wu et al. 2025, arXiv 2510.02611 (other temperatures solve other problems); its two-stage vote with early exits is
    not taken over: all samples have one vote each. Samples are dealt out evenly, the first temperatures get what is left over.
    Cost: `samples` times the inner chain, one prefill. Events: those of a vote; `sample_started` holds each one's temperature.
    """

    family: ClassVar[str] = "many chains"
    summary: ClassVar[str] = "A vote of samples drawn at several temperatures."
    source: ClassVar[str] = "Wu et al. 2025, arXiv 2510.02611"
    cost: ClassVar[str] = "samples × the inner chain, one prefill"

    samples: int = Field(6, ge=2, le=64)
    temperatures: Annotated[tuple[Temperature, ...], BeforeValidator(texts)] = Field((0.4, 0.7, 1.0), min_length=2, max_length=16)
    inner: InnerName = "longmonolog"

    @model_validator(mode="after")
    def _enough_samples(self) -> "MultiTemperature":
        if self.samples < len(self.temperatures):
            raise ValueError("samples cannot be fewer than temperatures")
        return self

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """One request a temperature, streamed side by side, and one merged vote."""
        knowledge, chain = load_knowledge(), inner_chain(self.inner)
        whole = chain.request(case, knowledge, engine, budget, self.samples, Sampling(self.temperatures[0], budget.top_p))
        yield chain.started(self, case, knowledge, engine, budget, whole)
        drawn = yield from draw(case, knowledge, engine, *self._dealt(whole))
        if drawn.cancelled:
            yield Finished(usage=drawn.usage, cancelled=True)
        else:
            yield from verdict(case, knowledge, drawn.samples, drawn.usage)

    def _dealt(self, whole: Request) -> Iterator[Request]:
        """One request a temperature; every sample has a random stream of its own, as in one request."""
        each, over = divmod(self.samples, len(self.temperatures))
        seed = whole.seed
        for place, temperature in enumerate(self.temperatures):
            samples = each + (place < over)
            yield replace(whole, samples=samples, sampling=replace(whole.sampling, temperature=temperature), seed=seed)
            seed += samples
