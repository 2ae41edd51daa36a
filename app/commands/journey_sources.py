"""The three sources of training traces, each brought together with what it needs: the knowledge base, a teacher, the database."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from app.models import engine_loader
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine
from reasoning.evaluation.together import together
from reasoning.events import BudgetForced
from reasoning.journey.agreement import agrees
from reasoning.journey.case_file import generated, read_case_file
from reasoning.journey.from_approved import ApprovedTrace, approved_id, approved_record
from reasoning.journey.from_teacher import teacher_id, teacher_record
from reasoning.journey.record import JourneyRecord, Style
from reasoning.journey.synthesis import Candidate, Synthesis, after_last, synthesize, unseen
from reasoning.strategies import Budget
from storage.database import Database, open_database
from storage.records import ApprovedRun, approved_runs
from storage.settings import read_settings
from storage.values import StoredSample

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Teacher:
    """Which model teaches, and what it may spend on each case."""

    model: str | None
    quantization: str
    budget: Budget
    at_once: int

    def load(self) -> Engine:
        """The engine. Raises EngineError."""
        kind = cast(Literal["nf4", "none"], self.quantization)
        return engine_loader(read_settings(), self.model, quantization=kind)()


def from_teacher(
    out: Path,
    style: Style,
    before: Sequence[JourneyRecord],
    count: int,
    seed: int,
    family: str | None,
    progress: Progress,
    teacher: Teacher,
    cases: Path | None,
) -> Synthesis:
    """A teacher's traces of the user's cases, or of generated ones. Raises JourneyError and EngineError."""
    knowledge = load_knowledge()
    found = read_case_file(cases, count, seed) if cases else generated(knowledge, count, seed)
    candidates = [Candidate(teacher_id(style, each), each) for each in found]
    remaining = after_last(candidates, before)
    dropped_before = len(candidates) - len(remaining) - len(before)
    if not remaining:
        return Synthesis(dropped_before=dropped_before)
    engine = teacher.load()
    done = synthesize(
        out,
        remaining,
        lambda batch: together(engine, lambda proxy, each: teacher_record(proxy, knowledge, style, each, teacher.budget, family), batch),
        at_once=teacher.at_once,
        progress=progress,
    )
    return replace(done, dropped_before=dropped_before)


def from_approved(
    out: Path, style: Style, before: Sequence[JourneyRecord], count: int, family: str | None, progress: Progress
) -> Synthesis:
    """The approved runs of this style in the database. Raises JourneyError and StorageError."""
    knowledge = load_knowledge()
    database = open_database()
    try:
        traces = list(_traces(database, style))[:count]
    finally:
        database.close()
    # A run may be approved long after a newer one was: the last record says nothing of those before it.
    candidates = unseen([Candidate(approved_id(style, each.run_id), each) for each in traces], before)
    return synthesize(out, candidates, lambda batch: [approved_record(knowledge, each, family) for each in batch], progress=progress)


def _traces(database: Database, style: Style) -> Iterator[ApprovedTrace]:
    for approved in approved_runs(database):
        run = approved.run
        if run.parameters.get("inner", run.strategy) == style.strategy and (sample := _sample(approved)) is not None:
            closed = {e.event.sample for e in run.events if isinstance(e.event, BudgetForced) and e.event.action == "closed"}
            yield ApprovedTrace(
                run_id=run.id,
                style=style,
                case=run.case,
                confirmed=approved.confirmed,
                trace=sample.trace.text,
                answer=sample.answer,
                whole=sample.finish == "stop" and sample.sample not in closed,
                prompt=run.prompt or "",
                prompt_family=run.card.prompt_family,
                model=run.card.id,
                seed=sample.seed,
                usage=sample.usage,
            )


def _sample(approved: ApprovedRun) -> StoredSample | None:
    """Of many samples the first one that concludes as the run does: people approved the conclusion, not each voice in the vote."""
    run, knowledge = approved.run, load_knowledge()
    first = run.differential.hypotheses[0].diagnosis if run.differential else ""
    return next(
        (s for s in run.samples if s.differential and agrees(s.differential.hypotheses[0].diagnosis, first, knowledge)),
        None,
    )
