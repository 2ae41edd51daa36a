"""From the samples of a vote to its result: what all votes have in common."""

from collections.abc import Iterator, Sequence

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.events import Concluded, Event, Failed, Finished, SampleFinished, Usage, Voted
from reasoning.evidence import concerns
from reasoning.strategies.ballots import merge, tally
from reasoning.strategies.chain import shortfalls, unreadable


def verdict(
    case: Case,
    knowledge: Knowledge,
    samples: Sequence[SampleFinished],
    usage: Usage,
    weights: Sequence[float] | None = None,
    warnings: tuple[str, ...] = (),
) -> Iterator[Event]:
    """The vote, the merged differential and the end of the run; or Failed when no sample could be read.

    `weights` are those of all samples, in their order.
    """
    samples = tuple(samples)
    read = [(place, sample.differential) for place, sample in enumerate(samples) if sample.differential is not None]
    if not read:
        yield Failed(message=unreadable(samples))
        return
    ballots = [ballot for _, ballot in read]
    counted = [weights[place] for place, _ in read] if weights is not None else None
    yield Voted(samples=len(samples), rows=tally(ballots, knowledge, counted))
    result = merge(ballots, len(samples), knowledge, counted)
    spoiled = len(samples) - len(ballots)
    told = (f"{spoiled} of {len(samples)} answers could not be read and count as spoiled votes.",) if spoiled else ()
    yield Concluded(differential=result, warnings=(*warnings, *told, *shortfalls(samples), *concerns(result, case)))
    yield Finished(usage=usage)
