"""What people said about a run: only ever added to."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.columns import now
from storage.database import Database
from storage.errors import StorageError
from storage.tables import DifferentialRow, FeedbackRow, HypothesisRow, RunRow
from storage.values import FeedbackKind, StoredFeedback, Verdict, current_feedback


def add_feedback(
    database: Database,
    run_id: str,
    *,
    diagnosis: str | None = None,
    useful: bool | None = None,
    verdict: Verdict | None = None,
    reason: str = "",
    right_diagnosis: str | None = None,
    comment: str = "",
    actor: str = "",
    supersedes: int | None = None,
    retracted: bool = False,
) -> StoredFeedback:
    """Keep what a person said: about the run, or with `diagnosis` about that hypothesis.

    To change an entry give its id as `supersedes`; to take it back also give `retracted`.
    Raises StorageError, also when nothing was said, or the entry to replace is not of this run or was replaced before.
    """
    said = useful is not None or verdict is not None or any((reason, right_diagnosis, comment))
    if not said and not retracted:
        raise StorageError("This feedback is empty: choose an answer or write a comment.")
    if retracted and supersedes is None:
        raise StorageError("Only feedback that was given can be taken back: choose the entry.")
    with database.write() as session:
        if session.get(RunRow, run_id) is None:
            raise StorageError("There is no such run: open it from the history and try again.")
        if supersedes is not None:
            _check_replaceable(session, run_id, supersedes)
        row = FeedbackRow(
            run_id=run_id,
            hypothesis_id=None if diagnosis is None else _hypothesis_id(session, run_id, diagnosis),
            kind=FeedbackKind.run if diagnosis is None else FeedbackKind.hypothesis,
            diagnosis=diagnosis,
            useful=useful,
            verdict=verdict,
            reason=reason,
            right_diagnosis=right_diagnosis,
            comment=comment,
            actor=actor,
            created_at=now(),
            supersedes=supersedes,
            retracted=retracted,
        )
        session.add(row)
        session.flush()
        return to_feedback(row)


def feedback_for(database: Database, run_id: str, *, superseded: bool = False) -> tuple[StoredFeedback, ...]:
    """The feedback that stands, oldest first; with `superseded` also what was replaced or taken back.

    Raises StorageError.
    """
    with database.read() as session:
        entries = entries_of(session, run_id)
    return entries if superseded else current_feedback(entries)


def entries_of(session: Session, run_id: str) -> tuple[StoredFeedback, ...]:
    """Within a session: every entry of a run, oldest first."""
    rows = session.scalars(select(FeedbackRow).where(FeedbackRow.run_id == run_id).order_by(FeedbackRow.id))
    return tuple(to_feedback(row) for row in rows)


def to_feedback(row: FeedbackRow) -> StoredFeedback:
    """The value of a row."""
    return StoredFeedback.model_validate({name: getattr(row, name) for name in StoredFeedback.model_fields})


def _check_replaceable(session: Session, run_id: str, id: int) -> None:
    earlier = session.get(FeedbackRow, id)
    if earlier is None or earlier.run_id != run_id:
        raise StorageError("The feedback to replace is not of this run: reload the page.")
    if session.scalar(select(FeedbackRow.id).where(FeedbackRow.supersedes == id)) is not None:
        raise StorageError("This feedback was replaced in the meantime: reload the page.")


def _hypothesis_id(session: Session, run_id: str, diagnosis: str) -> int | None:
    # None for a diagnosis that only a sample named; its words are kept all the same.
    return session.scalar(
        select(HypothesisRow.id)
        .join(DifferentialRow, DifferentialRow.id == HypothesisRow.differential_id)
        .where(DifferentialRow.run_id == run_id, DifferentialRow.sample_id.is_(None), HypothesisRow.diagnosis == diagnosis)
        .order_by(DifferentialRow.id.desc(), HypothesisRow.position)
        .limit(1)
    )
