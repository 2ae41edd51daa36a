"""Adaptive vote: as many samples as it takes for the leader to be settled."""

from collections.abc import Iterator
from dataclasses import replace
from math import comb
from typing import ClassVar

from pydantic import Field

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine, Sampling
from reasoning.events import Event, Finished, Posterior, SampleFinished, Usage
from reasoning.strategies.ballots import tally
from reasoning.strategies.inner import InnerName, inner_chain
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy, strategy
from reasoning.strategies.voting import verdict


def stays_ahead(first: int, second: int) -> float:
    """The probability that the leader is really likelier than the runner-up, given their votes and a flat prior.

    Under a Dirichlet posterior over all answers the share of the leader among the two is Beta(first + 1, second + 1); this is
    its mass above one half, exact because the counts are whole numbers.
    """
    trials = first + second + 1
    return sum(comb(trials, heads) for heads in range(first + 1)) / 2**trials


@strategy("adaptive_vote", "Adaptive vote")
class AdaptiveVote(Strategy):
    """Sample in small batches and stop when the leader of the vote is settled, at `samples` at the latest.

    Source: Aggarwal et al. 2023, arXiv 2305.11860 (adaptive consistency, its Beta criterion; threshold 0.95 is its default).
    A batch is counted only when all of it is done, in the order of launch: looking at whichever chain ends first would favour
    short ones. Cost: between two samples and `samples` times the inner chain; each batch reads the prompt again. Events: those
    of a vote, with `posterior` after each batch. Samples have the same random streams as in a majority vote of that seed.
    """

    family: ClassVar[str] = "many chains"
    summary: ClassVar[str] = "A vote that stops as soon as its leader is settled."
    source: ClassVar[str] = "Aggarwal et al. 2023, arXiv 2305.11860"
    cost: ClassVar[str] = "up to samples × the inner chain, one prefill a batch"

    samples: int = Field(12, ge=2, le=64)
    batch: int = Field(2, ge=1, le=16)
    threshold: float = Field(0.95, gt=0.5, lt=1)
    temperature: float = Field(0.7, gt=0, le=2)
    inner: InnerName = "longmonolog"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """Batch after batch until the posterior says enough, then the vote."""
        knowledge, chain = load_knowledge(), inner_chain(self.inner)
        whole = chain.request(case, knowledge, engine, budget, self.samples, Sampling(self.temperature, budget.top_p))
        yield chain.started(self, case, knowledge, engine, budget, whole)
        samples: list[SampleFinished] = []
        usage = Usage()
        looked = None
        while len(samples) < self.samples and not (looked and looked.settled):
            wanted = min(self.batch, self.samples - len(samples))
            batch = replace(whole, samples=wanted, seed=whole.seed + len(samples))
            drawn = yield from draw(case, knowledge, engine, batch, first=len(samples))
            usage += drawn.usage
            if drawn.cancelled:
                yield Finished(usage=usage, cancelled=True)
                return
            samples += drawn.samples
            looked = self._look(samples)
            yield looked
        yield from verdict(case, knowledge, samples, usage, warnings=(self._told(looked),) if looked else ())

    def _look(self, samples: list[SampleFinished]) -> Posterior:
        ballots = [sample.differential for sample in samples if sample.differential is not None]
        rows = tally(ballots, load_knowledge()) if ballots else ()
        first, second = (*(row.first for row in rows[:2]), 0, 0)[:2]
        probability = stays_ahead(first, second)
        return Posterior(
            samples=len(samples),
            maximum=self.samples,
            leader=rows[0].diagnosis if rows else None,
            first=first,
            second=second,
            probability=round(probability, 4),
            settled=probability >= self.threshold,
        )

    def _told(self, last: Posterior) -> str:
        how = "The vote was settled after" if last.settled else "The vote was not settled by"
        counts = f"{last.first} votes against {last.second}"
        return (
            f"{how} {last.samples} of at most {last.maximum} samples: {counts} make it {last.probability:.2f} likely that the "
            f"leader of the vote stays ahead (threshold {self.threshold:g}). It says nothing of whether the leader is right."
        )
