"""The worker: fair, patient, and never lost for a run."""

import dataclasses
import threading
from collections.abc import Callable, Iterator

import pytest

from app.jobs import JobQueue, LiveRun, QueueFull
from cases.case import read_case
from reasoning.engines.engine import Engine, EngineError
from reasoning.events import Finished, SampleFinished, Text
from reasoning.strategies import Budget, StrategyError
from storage.database import Database
from storage.records import load_run, run_ids, run_status
from storage.values import RunStatus, StoredRun
from tests.app.engines import CARD, THOUGHT, BreakingEngine, SteppingEngine
from tests.app.waiting import wait_until

CASE = read_case("63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. No fever.")
Start = Callable[..., JobQueue]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Starts queues that are shut down when the test is over."""
    started: list[JobQueue] = []
    engines: list[SteppingEngine] = []

    def begin(engine: SteppingEngine | None = None, **more: object) -> JobQueue:
        if engine is not None:
            engines.append(engine)
        load = more.pop("load", lambda: engine or SteppingEngine())
        started.append(JobQueue(database, load, **more))
        return started[-1]

    yield begin
    for engine in engines:
        engine.run_free()
        engine.allow(10_000)
    assert all(queue.shutdown() for queue in started)


def submit(queue: JobQueue, owner: str = "me", strategy: str = "cot", **parameters: object) -> str:
    return queue.submit(CASE, strategy, parameters, Budget(), owner)


def wait_for_end(queue: JobQueue, *runs: str) -> None:
    wait_until(lambda: all((live := queue.live(run)) and live.status.over for run in runs))


def stored(database: Database, run: str) -> StoredRun:
    found = load_run(database, run)
    assert found is not None
    return found


def live(queue: JobQueue, run: str) -> LiveRun:
    found = queue.live(run)
    assert found is not None
    return found


def test_a_run_is_written_down_before_submit_returns(start: Start, database: Database) -> None:
    loading = threading.Event()

    def load() -> Engine:
        loading.wait(60)
        return SteppingEngine()

    queue = start(load=load, model="demo")
    run = submit(queue)
    assert run_status(database, run) == RunStatus.queued
    assert stored(database, run).case == CASE
    assert stored(database, run).card.id == "demo"
    wait_until(lambda: queue.engine_status().state == "loading")
    loading.set()
    wait_for_end(queue, run)
    assert queue.engine_status().card == CARD
    assert stored(database, run).card == CARD, "the record names the model that answered, not the one that was expected"


def test_a_finished_run_is_the_same_on_the_screen_and_in_the_record(start: Start, database: Database) -> None:
    queue = start()
    run = submit(queue)
    wait_for_end(queue, run)
    seen, record = live(queue, run), stored(database, run)
    assert (seen.status, record.status) == (RunStatus.finished, RunStatus.finished)
    assert seen.differential == record.differential
    assert seen.samples[0].thinking == record.samples[0].trace.text == THOUGHT
    assert seen.usage == record.usage
    assert seen.unsaved == ""


def test_no_event_is_lost(start: Start, database: Database) -> None:
    queue = start()
    run = submit(queue, strategy="majority_vote", samples=4)
    wait_for_end(queue, run)
    events = [entry.event for entry in stored(database, run).events]
    for sample in live(queue, run).samples:
        pieces = [event for event in events if isinstance(event, Text) and event.sample == sample.sample]
        assert "".join(piece.text for piece in pieces if piece.phase == "thinking") == sample.thinking
        assert "".join(piece.text for piece in pieces if piece.phase == "answer") == sample.answer
        assert sum(piece.tokens for piece in pieces) == sample.thinking_tokens + sample.answer_tokens
    assert [event for event in events if not isinstance(event, Text)] == list(live(queue, run).events)


def test_two_owners_take_turns(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=0)
    queue = start(engine)
    mine = [submit(queue, "me") for _ in range(3)]
    wait_until(lambda: queue.position(mine[0]) == 0)
    yours = submit(queue, "you")
    assert [queue.position(run) for run in (*mine, yours)] == [0, 2, 3, 1]
    assert queue.runs_of("me") == tuple(mine)
    engine.run_free()
    wait_for_end(queue, *mine, yours)
    began = {run: stored(database, run).started_at for run in (*mine, yours)}
    assert sorted(began, key=lambda run: str(began[run])) == [mine[0], yours, mine[1], mine[2]]
    assert queue.position(yours) is None


def test_stopping_a_run_in_the_queue_takes_effect_at_once(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=0)
    queue = start(engine)
    first, second = submit(queue), submit(queue, "you")
    wait_until(lambda: queue.position(first) == 0)
    assert queue.cancel(second)
    assert run_status(database, second) == RunStatus.cancelled
    assert live(queue, second).status == RunStatus.cancelled
    assert queue.position(second) is None
    assert not queue.cancel(second), "it is over"
    engine.run_free()
    wait_for_end(queue, first)
    assert len(engine.asked) == 1, "nothing was spent on the other one"


def test_stopping_a_run_at_work_takes_one_step_and_keeps_what_there_is(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=6)
    queue = start(engine)
    run = submit(queue)
    wait_until(lambda: engine.written == 6)
    assert queue.cancel(run)
    assert live(queue, run).stopping
    engine.allow(1)
    wait_for_end(queue, run)
    assert engine.written <= 7
    record = stored(database, run)
    assert record.status == RunStatus.cancelled
    assert record.differential is None
    assert THOUGHT.startswith(record.samples[0].trace.text)
    assert record.samples[0].trace.text
    assert record.usage is not None
    assert isinstance(record.events[-1].event, Finished)


def test_an_engine_that_cannot_be_loaded_fails_the_run_and_is_tried_again(start: Start, database: Database) -> None:
    attempts = iter([EngineError("The model demo is missing; train it."), SteppingEngine()])

    def load() -> Engine:
        attempt = next(attempts)
        if isinstance(attempt, EngineError):
            raise attempt
        return attempt

    queue = start(load=load)
    run = submit(queue)
    wait_for_end(queue, run)
    assert live(queue, run).message == stored(database, run).message == "The model demo is missing; train it."
    assert stored(database, run).status == RunStatus.failed
    assert queue.engine_status().state == "failed"
    again = submit(queue)
    wait_for_end(queue, again)
    assert stored(database, again).status == RunStatus.finished
    assert queue.engine_status().state == "ready"


def test_a_run_that_breaks_takes_nothing_with_it_and_tells_nothing_of_the_note(
    start: Start, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    queue = start(BreakingEngine())
    broken, next_one = submit(queue), submit(queue)
    wait_for_end(queue, broken, next_one)
    record = stored(database, broken)
    assert record.status == RunStatus.failed
    assert "RuntimeError" in record.message
    assert "pleuritic" not in record.message + caplog.text
    assert [event.event for event in record.events if isinstance(event.event, Text)], "what it wrote before is kept"
    assert stored(database, next_one).status == RunStatus.failed, "the worker went on to the next run"
    assert queue.heartbeat() < 60


def test_a_full_queue_says_so_and_keeps_nothing_of_the_run(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=0)
    queue = start(engine, limit=2)
    running = submit(queue)
    wait_until(lambda: queue.position(running) == 0)
    waiting = [submit(queue) for _ in range(2)]
    with pytest.raises(QueueFull, match="2 runs are waiting already: wait"):
        submit(queue, "you")
    assert set(run_ids(database)) == {running, *waiting}
    queue.cancel(waiting[0])
    submit(queue, "you")


def test_runs_that_a_stopped_program_left_are_marked_interrupted(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=8)
    crashed = start(engine)
    working, waiting = submit(crashed), submit(crashed)
    wait_until(lambda: engine.written == 8)
    queue = start()  # as after a crash: the first queue said no goodbye
    assert run_status(database, waiting) == RunStatus.interrupted
    assert run_status(database, working) == RunStatus.interrupted
    assert queue.live(working) is None, "the page reads it from the database"


def test_shutting_down_leaves_no_run_open(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=8)
    queue = start(engine)
    working, waiting = submit(queue), submit(queue)
    wait_until(lambda: engine.written == 8)
    engine.allow(1)
    assert queue.shutdown()
    assert run_status(database, working) == run_status(database, waiting) == RunStatus.interrupted
    assert stored(database, working).samples[0].trace.text, "what it had is kept"
    with pytest.raises(QueueFull, match="shut down"):
        submit(queue)


def test_a_double_click_makes_one_run(start: Start, database: Database) -> None:
    queue = start()
    runs = [queue.submit(CASE, "cot", {}, Budget(), "me", run_id="click-1") for _ in range(2)]
    wait_for_end(queue, *runs)
    assert list(run_ids(database)) == ["click-1"]


def test_a_strategy_that_cannot_be_built_is_refused_at_once(start: Start, database: Database) -> None:
    queue = start()
    with pytest.raises(StrategyError, match="choose one of"):
        submit(queue, strategy="guesswork")
    with pytest.raises(StrategyError, match="samples"):
        submit(queue, strategy="majority_vote", samples=1)
    assert not list(run_ids(database))
    assert queue.engine_status().state == "not loaded", "nobody needs a model yet"


def test_a_snapshot_stays_as_it_was_taken(start: Start) -> None:
    engine = SteppingEngine(steps=6)
    queue = start(engine)
    run = submit(queue)
    wait_until(lambda: live(queue, run).tokens == 6)
    early = live(queue, run)
    engine.run_free()
    wait_for_end(queue, run)
    assert early.tokens == 6
    assert early.status == RunStatus.running
    with pytest.raises(dataclasses.FrozenInstanceError):
        early.status = RunStatus.finished  # type: ignore[misc]


def test_a_run_at_work_tells_its_speed_and_how_long_it_may_still_take(start: Start) -> None:
    engine = SteppingEngine(steps=1)
    queue = start(engine)
    run = submit(queue)
    wait_until(lambda: live(queue, run).tokens == 1)
    assert live(queue, run).tokens_per_second is None, "one word has no speed"
    engine.allow(9)
    wait_until(lambda: live(queue, run).tokens == 10)
    seen = live(queue, run)
    assert seen.tokens_per_second is not None
    assert seen.elapsed > 0
    allowed = Budget().thinking_tokens + Budget().answer_tokens
    assert seen.remaining == pytest.approx((allowed - 10) / seen.tokens_per_second)


def test_finished_runs_leave_the_memory_and_stay_in_the_database(start: Start, database: Database) -> None:
    queue = start(ttl=0.0)
    run = submit(queue)
    wait_until(lambda: queue.live(run) is None)
    assert stored(database, run).status == RunStatus.finished


def test_many_threads_may_submit_and_watch_at_once(start: Start, database: Database) -> None:
    queue = start(limit=64)
    runs: list[str] = []

    def work(owner: str) -> None:
        for _ in range(4):
            runs.append(submit(queue, owner, "vanilla"))
            queue.live(runs[-1])
            queue.position(runs[0])

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for_end(queue, *runs)
    assert {stored(database, run).status for run in runs} == {RunStatus.finished}
    assert len(set(run_ids(database))) == 16


def test_a_stopped_vote_tells_what_each_sample_had(start: Start, database: Database) -> None:
    engine = SteppingEngine(steps=12)
    queue = start(engine)
    run = submit(queue, strategy="majority_vote", samples=3)
    wait_until(lambda: engine.written == 12)
    queue.cancel(run)
    engine.allow(1)
    wait_for_end(queue, run)
    finished = [entry.event for entry in stored(database, run).events if isinstance(entry.event, SampleFinished)]
    assert [event.finish for event in finished] == ["cancelled"] * 3
