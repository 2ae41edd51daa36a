"""Cases: stored once, never changed."""

import hashlib

from sqlalchemy.orm import Session

from cases.case import Case
from storage.columns import now
from storage.database import Database
from storage.storable import storable
from storage.tables import CaseRow


def save_case(database: Database, case: Case) -> Case:
    """Keep the case and return it as kept: under an id of its own if another version already has this one.

    A vignette may be corrected between two releases, and runs on the old wording must go on pointing at the old wording.
    Raises StorageError.
    """
    case = storable(case)
    with database.write() as session:
        stored = session.get(CaseRow, case.id)
        if stored is not None and to_case(stored) != case:
            case = case.model_copy(update={"id": f"{case.id}-{_fingerprint(case)}"})
            stored = session.get(CaseRow, case.id)
        if stored is None:
            _insert(session, case)
    return case


def find_case(database: Database, id: str) -> Case | None:
    """The case with this id, or None.

    Raises StorageError.
    """
    with database.read() as session:
        row = session.get(CaseRow, id)
        return None if row is None else to_case(row)


def to_case(row: CaseRow) -> Case:
    """The value of a row."""
    return Case(
        id=row.id,
        text=row.text,
        title=row.title,
        origin=row.origin,
        gold=row.gold,
        gold_synonyms=tuple(row.gold_synonyms),
        warnings=tuple(row.warnings),
    )


def _insert(session: Session, case: Case) -> None:
    digest = hashlib.sha256(case.text.encode()).hexdigest()
    session.add(CaseRow(**case.model_dump(), text_sha256=digest, created_at=now()))


def _fingerprint(case: Case) -> str:
    return hashlib.sha256(case.model_dump_json(exclude={"id"}).encode()).hexdigest()[:12]
