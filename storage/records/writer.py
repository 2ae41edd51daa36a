"""Writes a run down while it happens: no more than a second of text is ever at risk."""

import time
from types import TracebackType
from typing import Self

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reasoning.events import Concluded, Event, Failed, Finished, SampleFinished, SampleStarted, Started, Text
from storage.columns import now
from storage.database import Database
from storage.errors import StorageError
from storage.records.differentials import to_rows
from storage.records.runs import end_run
from storage.storable import storable
from storage.tables import EventRow, RunRow, SampleRow
from storage.values import RunStatus, StoredEvent

_LEFT_OPEN = "The run was left before it was done. What it had written until then is kept; run the case again for a result."


class RunWriter:
    """Takes a run's events one at a time, from one thread. Use it in a `with` block, which never leaves a run open.

    Text waits until anything else happens or `interval` seconds have passed, and is joined with what waits of the same
    sample and phase; the log-probabilities of joined pieces are added up. All other events are written at once.
    """

    def __init__(self, database: Database, run_id: str, *, interval: float = 1.0) -> None:
        """Mark the run as running.

        Raises StorageError, also when there is no such run or it is over.
        """
        self._database = database
        self._run_id = run_id
        self._interval = interval
        self._waiting: list[StoredEvent] = []
        self._seeds: dict[int, int] = {}
        with database.write() as session:
            run = session.get(RunRow, run_id)
            if run is None:
                raise StorageError("There is no such run: start it before writing its events.")
            # It may have been cancelled between the worker's look at the queue and now; what is over stays over.
            if run.status in (RunStatus.finished, RunStatus.cancelled, RunStatus.failed):
                raise StorageError(f"This run is over ({run.status}): start a new one.")
            run.status, run.started_at, run.message, run.finished_at = RunStatus.running, run.started_at or now(), "", None
            self._seed = run.seed
            last = session.scalar(select(func.max(EventRow.sequence)).where(EventRow.run_id == run_id))
        self._sequence = last or 0
        self._flushed = time.monotonic()

    def write(self, event: Event) -> None:
        """Take one event.

        Raises StorageError; the events that could not be written wait, and go out with the next one that can.
        """
        event = storable(event)
        if isinstance(event, Text):
            self._take_text(event)
            if time.monotonic() - self._flushed < self._interval:
                return
        else:
            self._append(event)
        self.flush()

    def flush(self) -> None:
        """Write what waits.

        Raises StorageError.
        """
        if not self._waiting:
            return
        with self._database.write() as session:
            self._take_back(session)
            for entry in self._waiting:
                self._write(session, entry)
        self._waiting.clear()
        self._flushed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            self.flush()
            with self._database.write() as session:
                end_run(session, self._run_id, RunStatus.interrupted, _LEFT_OPEN)
        except StorageError:
            # What went wrong first is the better explanation; and mark_interrupted will close the run at the next start.
            if error is None:
                raise

    def _append(self, event: Event) -> None:
        self._sequence += 1
        self._waiting.append(StoredEvent(sequence=self._sequence, at=now(), event=event))

    def _take_text(self, event: Text) -> None:
        # Samples are decoded side by side and their pieces alternate, so the piece to join is the last of the same sample.
        # Only text can wait in front of text, hence joining never moves a word past an event of another kind.
        for place in reversed(range(len(self._waiting))):
            waiting = self._waiting[place].event
            if not isinstance(waiting, Text):
                break
            if waiting.sample == event.sample:
                joined = _join(waiting, event)
                if joined is not None:
                    self._waiting[place] = self._waiting[place].model_copy(update={"event": joined})
                    return
                break
        self._append(event)

    def _take_back(self, session: Session) -> None:
        # Another process that started meanwhile may have taken this run for a dead one.
        session.execute(
            update(RunRow)
            .where(RunRow.id == self._run_id, RunRow.status == RunStatus.interrupted)
            .values(status=RunStatus.running, message="", finished_at=None)
        )

    def _write(self, session: Session, entry: StoredEvent) -> None:
        event = entry.event
        payload = event.model_dump(mode="json")
        session.add(EventRow(run_id=self._run_id, sequence=entry.sequence, kind=event.kind, payload=payload, at=entry.at))
        match event:
            case Started():
                self._write_start(session, event)
            case SampleStarted():
                self._seeds[event.sample] = event.seed
            case SampleFinished():
                self._write_sample(session, event)
            case Concluded():
                session.add(to_rows(event.differential, self._run_id, None))
                self._warn(session, event.warnings)
            case Finished():
                run = session.get_one(RunRow, self._run_id)
                run.usage = event.usage.model_dump()
                run.status = RunStatus.cancelled if event.cancelled else RunStatus.finished
                run.finished_at = entry.at
            case Failed():
                run = session.get_one(RunRow, self._run_id)
                run.status, run.message, run.finished_at = RunStatus.failed, event.message, entry.at
            case _:
                pass

    def _write_start(self, session: Session, event: Started) -> None:
        run = session.get_one(RunRow, self._run_id)
        # A strategy may start another one inside it; what the run was asked to do is told by the first.
        if run.prompt is None:
            run.prompt, run.prompt_sha256 = event.prompt, event.prompt_sha256
            run.adapter, run.tuned = event.adapter, event.tuned
        self._warn(session, event.warnings)

    def _write_sample(self, session: Session, event: SampleFinished) -> None:
        row = SampleRow(
            run_id=self._run_id,
            sample=event.sample,
            seed=self._seeds.get(event.sample, self._seed + event.sample),
            trace_text=event.trace.text,
            steps=[step.model_dump(mode="json") for step in event.trace.steps],
            answer=event.answer,
            finish=event.finish,
            usage=event.usage.model_dump(),
            mean_logprob=event.mean_logprob,
        )
        session.add(row)
        if event.differential is not None:
            session.flush()
            session.add(to_rows(event.differential, self._run_id, row.id))

    def _warn(self, session: Session, warnings: tuple[str, ...]) -> None:
        run = session.get_one(RunRow, self._run_id)
        # A new list: a change inside a JSON value goes unnoticed.
        run.warnings = [*run.warnings, *(warning for warning in warnings if warning not in run.warnings)]


def _join(first: Text, second: Text) -> Text | None:
    """Both pieces as one, or None when that would lose something."""
    alike = (first.phase, first.forced, first.logprob is None) == (second.phase, second.forced, second.logprob is None)
    if not alike:
        return None
    logprob = None if first.logprob is None or second.logprob is None else first.logprob + second.logprob
    text, tokens = first.text + second.text, first.tokens + second.tokens
    return first.model_copy(update={"text": text, "tokens": tokens, "logprob": logprob})
