"""The worker that owns the engine: runs wait their turn, are watched through snapshots, and outlive the page that asked."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.evaluation_line import EvaluationLine
from app.live import LiveRun, LiveSample, Progress
from app.recorder import Recorder
from app.running import run_safely, sentence
from app.turns import Turns
from app.version import app_version
from cases.case import Case
from reasoning.engines.engine import Engine, EngineError, ModelCard
from reasoning.events import Event, Finished
from reasoning.strategies import Budget, Strategy, build
from storage.database import Database
from storage.errors import StorageError
from storage.records import describe_model, finish_run, mark_interrupted, save_case, start_strategy
from storage.values import RunStatus

__all__ = ["EngineStatus", "JobQueue", "LiveRun", "LiveSample", "QueueFull"]

_STOPPED_IN_QUEUE = "Stopped before it began."
_SHUT_DOWN = "The program was shut down before this run began; run the case again for a result."
_TICK = 1.0


class QueueFull(RuntimeError):
    """No more runs can wait; the message says what to do."""


@dataclass(frozen=True)
class EngineStatus:
    """Whether there is a model to ask. `message` is one sentence when it failed, `card` is there once it is ready."""

    state: Literal["not loaded", "loading", "ready", "failed"] = "not loaded"
    message: str = ""
    card: ModelCard | None = None
    seconds: float = 0.0


@dataclass(eq=False)
class _Job:
    facts: LiveRun
    strategy: Strategy
    progress: Progress
    cancelled: threading.Event = field(default_factory=threading.Event)
    over_since: float | None = None


class JobQueue:
    """Runs one job at a time in a thread of its own, owners taking turns. Every method may be called from any thread.

    The database is the truth: `live` knows a run from its submission until `ttl` seconds after its end, `load_run` for ever.
    `evaluations` get the model batch by batch, and only while no run waits for it.
    `model` is what a run's record says of its model until it is loaded.
    """

    def __init__(
        self,
        database: Database,
        load_engine: Callable[[], Engine],
        limit: int = 16,
        *,
        model: str = "not loaded yet",
        ttl: float = 900.0,
    ) -> None:
        """Close the runs that an earlier process left open, and start the worker. Raises StorageError."""
        self._database = database
        self._load_engine = load_engine
        self._limit = limit
        self._unloaded = ModelCard(id=model)
        self._ttl = ttl
        self._changed = threading.Condition()
        self.evaluations = EvaluationLine(self._changed)
        self._turns: Turns[_Job] = Turns()
        self._jobs: dict[str, _Job] = {}
        self._reserved = 0
        self._running: _Job | None = None
        self._engine: Engine | None = None
        self._status = EngineStatus()
        self._wanted = self._closing = False
        self._beat = time.monotonic()
        mark_interrupted(database)
        self._thread = threading.Thread(target=self._work, name="soliloquy-worker", daemon=True)
        self._thread.start()

    def submit(
        self,
        case: Case,
        strategy_name: str,
        parameters: Mapping[str, Any],
        budget: Budget,
        owner: str,
        *,
        run_id: str | None = None,
    ) -> str:
        """Write the case and the run down, put the run in the queue and return its id.

        A `run_id` that is known already is returned as it is, so that a double click makes one run.
        Raises QueueFull, StrategyError, StorageError.
        """
        strategy = build(strategy_name, **parameters)
        run_id = run_id or uuid.uuid4().hex
        with self._changed:
            if run_id in self._jobs:
                return run_id
            if self._closing:
                raise QueueFull("The program is being shut down: start it again to run a case.")
            if len(self._turns) + self._reserved >= self._limit:
                raise QueueFull(f"{self._limit} runs are waiting already: wait until one is done, or stop one, and try again.")
            self._reserved += 1
            card = self._status.card or self._unloaded
            facts = LiveRun(run_id, owner, case, strategy.name, strategy.model_dump(mode="json"), budget, RunStatus.queued)
            job = self._jobs[run_id] = _Job(facts, strategy, Progress(budget))
        try:
            kept = save_case(self._database, case)
            job.facts = replace(facts, case=kept)
            start_strategy(self._database, kept.id, strategy, budget, card, app_version=app_version(), run_id=run_id)
        except BaseException:
            with self._changed:
                del self._jobs[run_id]
            raise
        finally:
            with self._changed:
                self._reserved -= 1
                self._changed.notify_all()
        with self._changed:
            left = self._closing or job.cancelled.is_set()
            if not left:
                self._turns.add(owner, job)
                self._changed.notify_all()
        if left:
            self._leave_queue(job)
        return run_id

    def cancel(self, run_id: str) -> bool:
        """Stop a run: at once in the queue, within one step at work. False when it is over or unknown. Raises StorageError."""
        with self._changed:
            job = self._jobs.get(run_id)
            if job is None or job.progress.status.over:
                return False
            job.cancelled.set()
            waited = self._turns.remove(job)
        if waited:
            self._leave_queue(job)
        return True

    def position(self, run_id: str) -> int | None:
        """0 at work, 1 next, and so on; None when the run is over or unknown."""
        with self._changed:
            return self._position(self._jobs.get(run_id))

    def live(self, run_id: str) -> LiveRun | None:
        """The run as it is now, or None when it is unknown here: then ask the database."""
        with self._changed:
            self._forget()
            job = self._jobs.get(run_id)
            if job is None:
                return None
            facts = replace(job.facts, position=self._position(job) or 0, stopping=job.cancelled.is_set() and not job.progress.status.over)
            return job.progress.snapshot(facts)

    def runs_of(self, owner: str) -> tuple[str, ...]:
        """The ids of the owner's runs that are not over, oldest first."""
        with self._changed:
            return tuple(id for id, job in self._jobs.items() if job.facts.owner == owner and not job.progress.status.over)

    def busy(self) -> bool:
        """Whether a run is at work or waits."""
        with self._changed:
            return self._running is not None or len(self._turns) > 0

    def waiting(self) -> int:
        """How many runs wait for their turn, the one at work not counted."""
        with self._changed:
            return len(self._turns)

    def engine_status(self) -> EngineStatus:
        """Whether there is a model to ask."""
        with self._changed:
            return self._status

    def warm_up(self) -> None:
        """Ask the worker to load the model now rather than with the first run. Returns at once."""
        with self._changed:
            self._wanted = self._engine is None and self._status.state == "not loaded"
            self._changed.notify_all()

    def heartbeat(self) -> float:
        """Seconds since the worker last gave a sign of life; infinite when it is gone. Loading, prompts and evaluations are silent."""
        return time.monotonic() - self._beat if self._thread.is_alive() else float("inf")

    def shutdown(self, timeout: float = 10.0) -> bool:
        """Stop the worker. The run at work and those in the queue become interrupted and keep what they had. False when it hangs."""
        with self._changed:
            self._closing = True
            self.evaluations.close()
            waiting = self._turns.order()
            for job in waiting:
                self._turns.remove(job)
            if self._running is not None:
                self._running.cancelled.set()
            self._changed.notify_all()
        for job in waiting:
            with suppress(StorageError):  # mark_interrupted finds them at the next start
                self._leave_queue(job)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _position(self, job: _Job | None) -> int | None:
        if job is None or job.progress.status.over:
            return None
        if job is self._running:
            return 0
        order = self._turns.order()
        return order.index(job) + 1 if job in order else len(order) + 1

    def _leave_queue(self, job: _Job) -> None:
        status, message = (RunStatus.interrupted, _SHUT_DOWN) if self._closing else (RunStatus.cancelled, _STOPPED_IN_QUEUE)
        try:
            finish_run(self._database, job.facts.id, status, message)
        finally:
            self._end(job, status, message)

    def _end(self, job: _Job, status: RunStatus, message: str) -> None:
        with self._changed:
            if not job.progress.status.over:
                job.progress.end(status, message)
            job.over_since = time.monotonic()

    def _forget(self) -> None:
        old = time.monotonic() - self._ttl
        for id in [id for id, job in self._jobs.items() if job.over_since is not None and job.over_since <= old]:
            del self._jobs[id]

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closing and not len(self._turns) and not self._wanted and not self._may_evaluate():
                    self._changed.wait(_TICK)
                    self._beat = time.monotonic()
                    self._forget()
                if self._closing:
                    return
                job = self._running = self._turns.take()
                self._wanted = False
                if job is not None:
                    job.progress.begin()
                evaluation = self.evaluations.take() if job is None and self._may_evaluate() else None
            try:
                if job is not None:
                    self._run(job)
                elif evaluation is not None:
                    evaluation.step(self._ready_engine)
                else:
                    self._ready_engine()
            except Exception as error:
                if job is not None:
                    self._fail(job, sentence(error))
            finally:
                with self._changed:
                    self._running, self._beat = None, time.monotonic()
                    self.evaluations.done()
                if job is not None:
                    self._end(job, RunStatus.failed, "The run ended without a result; run the case again.")

    def _may_evaluate(self) -> bool:
        """Whether an evaluation may have the model for a batch: a run that is just being written down comes first."""
        return len(self.evaluations) > 0 and not self._reserved

    def _ready_engine(self) -> Engine:
        """The engine, loaded first when it is not. Raises EngineError."""
        if self._engine is None:
            began = time.monotonic()
            self._set_status(EngineStatus("loading"))
            try:
                engine = self._load_engine()
                self._set_status(EngineStatus("ready", card=engine.card, seconds=time.monotonic() - began))
                self._engine = engine
            except Exception as error:
                message = sentence(error)
                self._set_status(EngineStatus("failed", message, seconds=time.monotonic() - began))
                raise EngineError(message) from None
        return self._engine

    def _set_status(self, status: EngineStatus) -> None:
        with self._changed:
            self._status = status

    def _run(self, job: _Job) -> None:
        engine = self._ready_engine()
        with self._changed:
            job.progress.card = engine.card
        describe_model(self._database, job.facts.id, engine.card)
        with Recorder(self._database, job.facts.id) as recorder:
            for event in run_safely(job.strategy, job.facts.case, engine, job.facts.budget, job.cancelled.is_set):
                self._tell(job, recorder, event)
        with self._changed:
            job.progress.unsaved = recorder.problem

    def _tell(self, job: _Job, recorder: Recorder, event: Event) -> None:
        if self._closing and isinstance(event, Finished) and event.cancelled:
            # Nobody asked for this run to stop: left open, the record says interrupted.
            self._end(job, RunStatus.interrupted, "")
            return
        recorder.write(event)  # first the record, then the screen: what is seen to be over can be loaded
        with self._changed:
            self._beat = time.monotonic()
            job.progress.unsaved = recorder.problem
            job.progress.take(event)

    def _fail(self, job: _Job, message: str) -> None:
        """End a run that could not begin."""
        try:
            finish_run(self._database, job.facts.id, RunStatus.failed, message)
        except StorageError as error:
            with self._changed:
                job.progress.unsaved = str(error)
        self._end(job, RunStatus.failed, message)
