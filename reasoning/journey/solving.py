"""Who solves which case: a smaller model, or the direct answer, tries every case of a journey file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cases.knowledge import Knowledge, load_knowledge
from reasoning.engines.engine import Engine, EngineError
from reasoning.evaluation.ranking import gold_rank
from reasoning.evaluation.together import together
from reasoning.events import Concluded, Failed, SampleFinished
from reasoning.journey.lines import append_rows, resume_rows
from reasoning.journey.record import JourneyRecord, case_sha256, to_case
from reasoning.strategies import Budget, Strategy, run_strategy


class Solved(BaseModel):
    """One attempt: `rank` is where the gold diagnosis stood, None when it was not listed. Holds no note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case_sha256: str
    solver: str
    rank: int | None

    @property
    def solved(self) -> bool:
        """Whether the gold diagnosis came first."""
        return self.rank == 1


def solve(
    path: Path,
    records: Sequence[JourneyRecord],
    engine: Engine,
    strategy: Strategy,
    budget: Budget | None = None,
    at_once: int = 24,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Solved]:
    """All rows of the file after `strategy` has tried every case once; cases that this solver tried before are not asked again.

    Raises JourneyError when the file cannot be read or written, and EngineError; what was tried until then is kept.
    """
    knowledge, solver = load_knowledge(), f"{engine.card.id}/{strategy.name}"
    rows = resume_rows(path, Solved)
    known = {row.case_sha256 for row in rows if row.solver == solver}
    waiting = list({case_sha256(record): record for record in records if case_sha256(record) not in known}.values())

    def try_one(proxy: Engine, record: JourneyRecord) -> Solved:
        rank = _rank(proxy, strategy, record, budget or Budget(), knowledge)
        return Solved(case_sha256=case_sha256(record), solver=solver, rank=rank)

    for first in range(0, len(waiting), at_once):
        batch = waiting[first : first + at_once]
        found = together(engine, try_one, batch)
        append_rows(path, found)
        rows += found
        progress(first + len(batch), len(waiting))
    return rows


def _rank(engine: Engine, strategy: Strategy, record: JourneyRecord, budget: Budget, knowledge: Knowledge) -> int | None:
    case, events = to_case(record), list(run_strategy(strategy, to_case(record), engine, budget))
    failure = next((event.message for event in events if isinstance(event, Failed)), None)
    if failure and not any(isinstance(event, SampleFinished) and event.finish != "cancelled" for event in events):
        raise EngineError(failure)  # an answer that cannot be read is a case not solved; an engine that broke down says nothing of it
    concluded = [event.differential for event in events if isinstance(event, Concluded)]
    return gold_rank(concluded[-1] if concluded else None, case, knowledge)
