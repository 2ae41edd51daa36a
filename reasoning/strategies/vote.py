"""Majority voting: many chains of one prompt, one ballot each."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, Sampling
from reasoning.events import Concluded, Event, Failed, Finished, Voted
from reasoning.evidence import concerns
from reasoning.strategies.ballots import merge, tally
from reasoning.strategies.chain import CHAINS, shortfalls, unreadable
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy, strategy


@strategy("majority_vote", "Majority vote")
class MajorityVote(Strategy):
    """Sample several chains of an inner strategy and rank diagnoses by their share of the votes.

    Source: Wang et al. 2022, arXiv 2203.11171. Cost: `samples` times the inner strategy's tokens, one prefill. The paper
    on LongStep and LongMonolog (arXiv 2501.06458) does not tell its sample count or temperature; these are our own.
    """

    samples: int = Field(5, ge=2, le=64)
    temperature: float = Field(0.7, gt=0, le=2)
    inner: Literal["vanilla", "cot", "longstep", "longmonolog"] = "longmonolog"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """All samples in one request, their ballots, and the merged differential."""
        knowledge = load_knowledge()
        chain = CHAINS[self.inner]()
        request = chain.request(case, knowledge, engine, budget, self.samples, Sampling(self.temperature, budget.top_p))
        yield chain.started(self, case, knowledge, engine, budget, request)
        drawn = yield from draw(case, knowledge, engine, request)
        if not drawn.cancelled:
            ballots = [sample.differential for sample in drawn.samples if sample.differential is not None]
            if not ballots:
                yield Failed(message=unreadable(drawn.samples))
                return
            yield Voted(samples=self.samples, rows=tally(ballots, knowledge))
            result = merge(ballots, self.samples, knowledge)
            spoiled = self.samples - len(ballots)
            warnings = (f"{spoiled} of {self.samples} answers could not be read and count as spoiled votes.",) if spoiled else ()
            yield Concluded(differential=result, warnings=(*warnings, *shortfalls(drawn.samples), *concerns(result, case)))
        yield Finished(usage=drawn.usage, cancelled=drawn.cancelled)
