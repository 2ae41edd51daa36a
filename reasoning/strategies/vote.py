"""Majority voting: many chains of one prompt, one ballot each."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, Sampling
from reasoning.events import Event, Finished
from reasoning.strategies.inner import InnerName, inner_chain
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy, strategy
from reasoning.strategies.voting import verdict


@strategy("majority_vote", "Majority vote")
class MajorityVote(Strategy):
    """Sample several chains of an inner strategy and rank diagnoses by their share of the votes.

    Source: Wang et al. 2022, arXiv 2203.11171. Cost: `samples` times the inner strategy's tokens, one prefill. The paper
    on LongStep and LongMonolog (arXiv 2501.06458) does not tell its sample count or temperature; these are our own.
    """

    family: ClassVar[str] = "many chains"
    summary: ClassVar[str] = "Several chains think apart; their votes rank the list."
    source: ClassVar[str] = "Wang et al. 2022, arXiv 2203.11171"
    cost: ClassVar[str] = "samples × the inner chain, one prefill"
    basic: ClassVar[bool] = True

    samples: int = Field(5, ge=2, le=64)
    temperature: float = Field(0.7, gt=0, le=2)
    inner: InnerName = "longmonolog"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """All samples in one request, their ballots, and the merged differential."""
        knowledge, chain = load_knowledge(), inner_chain(self.inner)
        request = chain.request(case, knowledge, engine, budget, self.samples, Sampling(self.temperature, budget.top_p))
        yield chain.started(self, case, knowledge, engine, budget, request)
        drawn = yield from draw(case, knowledge, engine, request)
        if drawn.cancelled:
            yield Finished(usage=drawn.usage, cancelled=True)
        else:
            yield from verdict(case, knowledge, drawn.samples, drawn.usage)
