"""Finding runs again."""

import unicodedata
from collections.abc import Iterator

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from storage.database import Database
from storage.tables import CaseRow, DifferentialRow, FeedbackRow, HypothesisRow, RunRow
from storage.values import HistoryPage, RunFilter, RunSummary

EXCERPT_CHARACTERS = 160
_PAGE = 200


def search_history(database: Database, filter: RunFilter | None = None, *, limit: int = 50, before: str | None = None) -> HistoryPage:
    """One page of runs, newest first; `before` is the `before` of the page above.

    Raises StorageError.
    """
    query = (
        select(
            RunRow.id,
            RunRow.case_id,
            CaseRow.title,
            func.substr(CaseRow.text, 1, EXCERPT_CHARACTERS).label("excerpt"),
            RunRow.strategy,
            RunRow.card["id"].as_string().label("model"),
            RunRow.status,
            _leading(HypothesisRow.diagnosis).label("leading"),
            _leading(HypothesisRow.likelihood).label("likelihood"),
            _standing_feedback().label("feedback"),
            RunRow.created_at,
            RunRow.finished_at,
        )
        .join(CaseRow, CaseRow.id == RunRow.case_id)
        .where(*_conditions(filter or RunFilter()))
        .order_by(RunRow.created_at.desc(), RunRow.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(tuple_(RunRow.created_at, RunRow.id) < _place_of(before))
    with database.read() as session:
        rows = session.execute(query).mappings().all()
    runs = tuple(RunSummary.model_validate(dict(row)) for row in rows[:limit])
    return HistoryPage(runs=runs, before=runs[-1].id if len(rows) > limit else None)


def run_ids(database: Database, filter: RunFilter | None = None) -> Iterator[str]:
    """The ids of the matching runs, oldest first, a page at a time so that any number fits in memory.

    Raises StorageError.
    """
    query = (
        select(RunRow.id)
        .join(CaseRow, CaseRow.id == RunRow.case_id)
        .where(*_conditions(filter or RunFilter()))
        .order_by(RunRow.created_at, RunRow.id)
        .limit(_PAGE)
    )
    page = query
    while True:
        with database.read() as session:
            ids = session.scalars(page).all()
        yield from ids
        if len(ids) < _PAGE:
            return
        page = query.where(tuple_(RunRow.created_at, RunRow.id) > _place_of(ids[-1]))


def _place_of(run_id: str) -> ScalarSelect:
    return select(RunRow.created_at, RunRow.id).where(RunRow.id == run_id).scalar_subquery()


def _conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text is not None:
        conditions.append(or_(_contains(CaseRow.title, wanted.text), _contains(CaseRow.text, wanted.text), _diagnosed(wanted.text)))
    if wanted.diagnosis is not None:
        conditions.append(_diagnosed(wanted.diagnosis))
    if wanted.strategy is not None:
        conditions.append(RunRow.strategy == wanted.strategy)
    if wanted.status is not None:
        conditions.append(RunRow.status == wanted.status)
    if wanted.since is not None:
        conditions.append(RunRow.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(RunRow.created_at < wanted.until)
    return conditions


def _contains(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    # The note was composed to NFC when it came in; what is typed today may not be. autoescape: % and _ mean themselves.
    return column.icontains(unicodedata.normalize("NFC", words), autoescape=True)


def _diagnosed(words: str) -> ColumnElement[bool]:
    """Whether the run's own differential, not just a sample's, names it."""
    return (
        select(literal(1))
        .select_from(HypothesisRow)
        .join(DifferentialRow, DifferentialRow.id == HypothesisRow.differential_id)
        .where(_of_the_run(), _contains(HypothesisRow.diagnosis, words))
        .exists()
    )


def _leading(column: InstrumentedAttribute) -> ScalarSelect:
    return (
        select(column)
        .join(DifferentialRow, DifferentialRow.id == HypothesisRow.differential_id)
        .where(_of_the_run())
        .order_by(DifferentialRow.id.desc(), HypothesisRow.position)
        .limit(1)
        .correlate(RunRow)
        .scalar_subquery()
    )


def _of_the_run() -> ColumnElement[bool]:
    return and_(DifferentialRow.run_id == RunRow.id, DifferentialRow.sample_id.is_(None))


def _standing_feedback() -> ScalarSelect[int]:
    later = FeedbackRow.__table__.alias("later")
    superseded = select(literal(1)).select_from(later).where(later.c.supersedes == FeedbackRow.id).exists()
    return (
        select(func.count(FeedbackRow.id))
        .where(FeedbackRow.run_id == RunRow.id, FeedbackRow.retracted.is_(False), ~superseded)
        .correlate(RunRow)
        .scalar_subquery()
    )
