"""A stored run as one value."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from reasoning.differential import Differential
from storage.database import Database
from storage.errors import StorageError
from storage.records.cases import to_case
from storage.records.differentials import from_rows
from storage.records.feedback import entries_of
from storage.tables import CaseRow, DifferentialRow, EventRow, RunRow, SampleRow
from storage.values import RunStatus, StoredEvent, StoredRun, StoredSample

_UNREADABLE = "A stored run was written by a version of Soliloquy that this one cannot read: open it with the version that wrote it."


def run_status(database: Database, run_id: str) -> RunStatus | None:
    """Where the run stands, or None when there is no such run. Cheap enough to ask twice a second.

    Raises StorageError.
    """
    with database.read() as session:
        return session.scalar(select(RunRow.status).where(RunRow.id == run_id))


def events_since(database: Database, run_id: str, sequence: int = 0) -> tuple[StoredEvent, ...]:
    """The events after the one with this number, in order.

    Raises StorageError.
    """
    with database.read() as session, _readable():
        return _events(session, run_id, sequence)


def load_run(database: Database, run_id: str) -> StoredRun | None:
    """Everything that is kept about a run, or None when there is no such run.

    Raises StorageError, also when another version wrote what this one cannot read.
    """
    with database.read() as session, _readable():
        run = session.get(RunRow, run_id)
        if run is None:
            return None
        differentials = _differentials(session, run_id)
        fields = {
            "id": run.id,
            "case": to_case(session.get_one(CaseRow, run.case_id)),
            "strategy": run.strategy,
            "parameters": run.parameters,
            "budget": run.budget,
            "seed": run.seed,
            "status": run.status,
            "card": run.card,
            "prompt": run.prompt,
            "prompt_sha256": run.prompt_sha256,
            "adapter": run.adapter,
            "tuned": run.tuned,
            "app_version": run.app_version,
            "warnings": tuple(run.warnings),
            "message": run.message,
            "usage": run.usage,
            "created_at": run.created_at,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "events": _events(session, run_id, 0),
            "samples": _samples(session, run_id, differentials),
            "differential": differentials.get(None),
            "feedback": entries_of(session, run_id),
        }
        return StoredRun.model_validate(fields)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ValidationError:
        # Not chained: pydantic quotes the value it refuses, and that may be the note.
        raise StorageError(_UNREADABLE) from None


def _events(session: Session, run_id: str, after: int) -> tuple[StoredEvent, ...]:
    rows = session.execute(
        select(EventRow.sequence, EventRow.at, EventRow.payload)
        .where(EventRow.run_id == run_id, EventRow.sequence > after)
        .order_by(EventRow.sequence)
    )
    return tuple(StoredEvent.model_validate({"sequence": sequence, "at": at, "event": payload}) for sequence, at, payload in rows)


def _differentials(session: Session, run_id: str) -> dict[int | None, Differential]:
    """By sample id; None is the whole run's, the last one where a strategy concluded more than once."""
    rows = session.scalars(
        select(DifferentialRow)
        .where(DifferentialRow.run_id == run_id)
        .options(selectinload(DifferentialRow.hypotheses), selectinload(DifferentialRow.evidence))
        .order_by(DifferentialRow.id)
    )
    return {row.sample_id: from_rows(row) for row in rows}


def _samples(session: Session, run_id: str, differentials: dict[int | None, Differential]) -> tuple[StoredSample, ...]:
    rows = session.scalars(select(SampleRow).where(SampleRow.run_id == run_id).order_by(SampleRow.sample, SampleRow.id))
    return tuple(_sample(row, differentials.get(row.id)) for row in rows)


def _sample(row: SampleRow, differential: Differential | None) -> StoredSample:
    return StoredSample.model_validate(
        {
            "sample": row.sample,
            "seed": row.seed,
            "trace": {"text": row.trace_text, "steps": row.steps},
            "answer": row.answer,
            "finish": row.finish,
            "usage": row.usage,
            "mean_logprob": row.mean_logprob,
            "differential": differential,
        }
    )
