"""Evaluations in the worker: they give way to runs, can be stopped and killed, and never ask a case twice."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.evaluating import OVER, Evaluating, LiveEvaluation
from app.evaluation_folders import Upload, begin_evaluation, earlier, folder_of, go_on, new_id, read_earlier
from app.jobs import JobQueue
from cases.benchmarks import BenchmarkError
from cases.case import read_case
from reasoning.engines.engine import Engine, EngineError
from reasoning.evaluation.suite import SuiteError, read_folder
from reasoning.strategies import Budget, build, run_strategy
from storage.database import Database
from tests.app.engines import CARD, SteppingEngine
from tests.app.waiting import wait_until

NOTES = [f"{60 + n}F with sudden SOB and pleuritic chest pain. No fever." for n in range(4)]
FILE = Upload("mine.jsonl", "".join(json.dumps({"text": note, "diagnosis": "Pulmonary embolism"}) + "\n" for note in NOTES).encode())
Start = Callable[..., JobQueue]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Starts workers that are shut down when the test is over."""
    started: list[tuple[JobQueue, SteppingEngine]] = []

    def begin(engine: SteppingEngine | None = None, load: Callable[[], Engine] | None = None) -> JobQueue:
        behind = engine or SteppingEngine()
        started.append((JobQueue(database, load or (lambda: behind)), behind))
        return started[-1][0]

    yield begin
    for queue, engine in started:
        queue.evaluations.close()
        engine.run_free()
        engine.allow(10_000)
    assert all(queue.shutdown() for queue, _ in started)


def begin(home: Path, strategies: str = "vanilla", **more: object) -> str:
    id = new_id()
    begin_evaluation(home, id, "own", [strategies], Budget(), model="stepping", **{"limit": None, "upload": FILE, **more})
    return id


def evaluate(queue: JobQueue, home: Path, id: str, at_once: int = 1) -> None:
    folder = folder_of(home, id)
    assert folder is not None
    queue.evaluations.add(Evaluating(id, folder, go_on(folder, "stepping"), at_once))


def live(queue: JobQueue, id: str) -> LiveEvaluation:
    found = queue.evaluations.live(id)
    assert found is not None
    return found


def wait_for_end(queue: JobQueue, id: str) -> LiveEvaluation:
    wait_until(lambda: live(queue, id).state in OVER)
    return live(queue, id)


def words_of(answers: int) -> int:
    """How many words the engine writes for so many direct answers."""
    engine = SteppingEngine()
    for _ in run_strategy(build("vanilla"), read_case(NOTES[0]), engine, Budget()):
        pass
    return answers * engine.written


def notes_asked(engine: SteppingEngine) -> list[str]:
    """The beginning of the note of every request, in order."""
    prompts = [engine.prompt_text(request.messages) for request in engine.asked]
    return [next(note for note in [*NOTES, "45M run"] if note in prompt)[:3] for prompt in prompts]


def test_an_evaluation_is_complete_when_every_strategy_has_answered_every_case(start: Start, tmp_path: Path) -> None:
    queue, id = start(), begin(tmp_path, "vanilla,cot")
    before = read_earlier(tmp_path, id)
    assert before is not None
    assert (before.answers, before.wanted, before.complete, before.model) == (0, 8, False, "stepping")
    evaluate(queue, tmp_path, id)
    ended = wait_for_end(queue, id)
    assert ended.state == "finished"
    assert [(arm.title, arm.answered, arm.right, arm.unreadable) for arm in ended.arms] == [
        ("Direct answer", 4, 4, 0),
        ("Chain of thought", 4, 4, 0),
    ]
    assert ended.tokens > 0
    assert ended.remaining == 0
    (known,) = earlier(tmp_path)
    assert known.complete
    folder = folder_of(tmp_path, id)
    assert folder is not None
    assert read_folder(folder).card == CARD
    assert oct(folder.stat().st_mode)[-3:] == "700", "notes lie in it"


def test_what_is_left_is_estimated_from_whole_batches(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=words_of(2) + 1)
    queue, id = start(engine), begin(tmp_path)
    evaluate(queue, tmp_path, id, at_once=2)
    wait_until(lambda: engine.written == words_of(2) + 1)
    assert live(queue, id).done == 2
    assert live(queue, id).remaining is not None
    assert live(queue, id).tokens_per_second is not None
    early = SteppingEngine(steps=words_of(2) - 1)
    queue, id = start(early), begin(tmp_path)
    evaluate(queue, tmp_path, id, at_once=2)
    wait_until(lambda: early.written == words_of(2) - 1)
    assert (live(queue, id).done, live(queue, id).remaining) == (1, None), "one of two that share a batch tells nothing of its pace"


def test_a_run_goes_before_the_next_batch(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=0)
    queue, id = start(engine), begin(tmp_path)
    evaluate(queue, tmp_path, id)
    wait_until(lambda: len(engine.asked) == 1)
    run = queue.submit(read_case("45M run with a cough"), "vanilla", {}, Budget(), "me")
    assert queue.position(run) == 1
    assert queue.evaluations.working()
    engine.run_free()
    wait_for_end(queue, id)
    assert notes_asked(engine) == ["60F", "45M", "61F", "62F", "63F"]


def test_every_run_goes_first_however_many_there_are(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=0)
    queue, id = start(engine), begin(tmp_path)
    first = queue.submit(read_case("45M run with a cough"), "vanilla", {}, Budget(), "me")
    wait_until(lambda: len(engine.asked) == 1)
    evaluate(queue, tmp_path, id)
    queue.submit(read_case("45M run again"), "vanilla", {}, Budget(), "me")
    queue.submit(read_case("45M run of another"), "vanilla", {}, Budget(), "you")
    assert queue.position(first) == 0
    assert live(queue, id).held_up
    engine.run_free()
    wait_for_end(queue, id)
    assert notes_asked(engine)[:4] == ["45M", "45M", "45M", "60F"]


def test_a_stopped_evaluation_keeps_whole_answers_and_goes_on_with_the_others(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=words_of(1) + 5)
    queue, id = start(engine), begin(tmp_path)
    evaluate(queue, tmp_path, id)
    wait_until(lambda: engine.written == words_of(1) + 5)
    assert live(queue, id).done == 1
    assert queue.evaluations.stop(id)
    assert live(queue, id).stopping
    engine.allow(1)
    assert wait_for_end(queue, id).state == "stopped"
    assert engine.written == words_of(1) + 6
    known = read_earlier(tmp_path, id)
    assert known is not None
    assert (known.answers, known.complete) == (1, False)
    assert not queue.evaluations.stop(id), "it is over"

    engine.run_free()
    evaluate(queue, tmp_path, id)
    ended = wait_for_end(queue, id)
    assert (ended.state, ended.done) == ("finished", 4)
    assert notes_asked(engine) == ["60F", "61F", "61F", "62F", "63F"], "only the one that was cut off is asked again"


def test_an_evaluation_outlives_its_server(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=words_of(2) + 5)
    crashed, id = start(engine), begin(tmp_path)
    evaluate(crashed, tmp_path, id)
    wait_until(lambda: engine.written == words_of(2) + 5)
    again = SteppingEngine()
    queue = start(again)  # as after a crash: the first worker said no goodbye
    assert queue.evaluations.live(id) is None, "the page reads the folder"
    known = read_earlier(tmp_path, id)
    assert known is not None
    assert (known.answers, known.wanted) == (2, 4)
    evaluate(queue, tmp_path, id)
    ended = wait_for_end(queue, id)
    assert [(arm.answered, arm.right) for arm in ended.arms] == [(4, 4)], "earlier answers count"
    assert notes_asked(again) == ["62F", "63F"]


def test_evaluations_take_their_turn_and_one_that_waits_is_stopped_at_once(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=0)
    queue, first, second, third = start(engine), begin(tmp_path), begin(tmp_path), begin(tmp_path)
    for id in (first, second, third, second):
        evaluate(queue, tmp_path, id)
    wait_until(lambda: len(engine.asked) == 1)
    assert [live(queue, id).position for id in (first, second, third)] == [0, 1, 2]
    assert queue.evaluations.stop(second)
    assert live(queue, second).state == "stopped"
    assert live(queue, third).position == 1
    engine.run_free()
    wait_for_end(queue, third)
    assert len(engine.asked) == 8


def test_an_engine_that_cannot_be_loaded_fails_the_evaluation_and_is_tried_again(start: Start, tmp_path: Path) -> None:
    attempts: Iterator[Engine | None] = iter([None, SteppingEngine()])

    def load() -> Engine:
        found = next(attempts)
        if found is None:
            raise EngineError("The model demo is missing; train it.")
        return found

    queue, id = start(load=load), begin(tmp_path)
    evaluate(queue, tmp_path, id)
    ended = wait_for_end(queue, id)
    assert (ended.state, ended.message) == ("failed", "The model demo is missing; train it.")
    evaluate(queue, tmp_path, id)
    assert wait_for_end(queue, id).state == "finished"


def test_other_weights_do_not_go_on_with_an_evaluation(start: Start, tmp_path: Path) -> None:
    queue, id = start(), begin(tmp_path)
    evaluate(queue, tmp_path, id)
    wait_for_end(queue, id)
    folder = folder_of(tmp_path, id)
    assert folder is not None
    records = (folder / "records.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "records.jsonl").write_text("".join(records[:2]), "utf-8")
    settings = (folder / "settings.json").read_text("utf-8")
    (folder / "settings.json").write_text(settings.replace('"weights_sha256": ""', '"weights_sha256": "another"'), "utf-8")
    evaluate(queue, tmp_path, id)
    assert "Other weights answered" in wait_for_end(queue, id).message
    assert len(read_folder(folder).records) == 2
    with pytest.raises(SuiteError, match="measures stepping, and here other answers: go on where SOLILOQUY_MODEL is stepping"):
        go_on(folder, "other")


def test_shutting_down_stops_evaluations_and_takes_no_more(start: Start, tmp_path: Path) -> None:
    engine = SteppingEngine(steps=0)
    queue, id = start(engine), begin(tmp_path)
    evaluate(queue, tmp_path, id)
    wait_until(lambda: len(engine.asked) == 1)
    queue.evaluations.stop(id)
    engine.allow(1)
    assert queue.shutdown()
    assert live(queue, id).state == "stopped"
    late = begin(tmp_path)
    evaluate(queue, tmp_path, late)
    assert queue.evaluations.live(late) is None


def test_a_file_that_cannot_be_read_says_why_repeats_no_note_and_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = Upload("mine.csv", b"letter,gold\n63F with sudden SOB,Pulmonary embolism\n")
    with pytest.raises(BenchmarkError, match=r"mine\.csv, line 2: there is no column `text` or `vignette`") as caught:
        begin(tmp_path, upload=wrong)
    assert "sudden SOB" not in str(caught.value)
    with pytest.raises(BenchmarkError, match="this kind of file is not read"):
        begin(tmp_path, upload=Upload("../../mine.pdf", b"%PDF"))
    assert list((tmp_path / "evaluations").iterdir()) == []


def test_the_same_form_begins_one_evaluation_and_its_file_stays_with_it(tmp_path: Path) -> None:
    prepared = [
        begin_evaluation(tmp_path, "20260101-000000-abcdef", "own", ["vanilla"], Budget(), model="demo", limit=2, upload=FILE)
        for _ in range(2)
    ]
    assert prepared[0].plan == prepared[1].plan
    folder = folder_of(tmp_path, "20260101-000000-abcdef")
    assert folder is not None
    assert sorted(path.name for path in (tmp_path / "evaluations").iterdir()) == [folder.name]
    assert (folder / "source" / "mine.jsonl").read_bytes() == FILE.content
    (folder / "source" / "mine.jsonl").write_bytes(FILE.content.replace(b"60F", b"16F"))
    with pytest.raises(SuiteError, match=r"cannot go on as it was begun \(the items themselves\): begin another one"):
        go_on(folder, "demo")
    (folder / "source" / "mine.jsonl").unlink()
    with pytest.raises(SuiteError, match="file with the cases is not in this evaluation's folder"):
        go_on(folder, "demo")


@pytest.mark.parametrize("id", ["../evaluations", "..", ".", "", "/etc", "a/b", ".hidden", "nothing-there"])
def test_an_address_leads_nowhere_but_to_evaluations(tmp_path: Path, id: str) -> None:
    begin(tmp_path)
    assert folder_of(tmp_path, id) is None
    assert read_earlier(tmp_path, id) is None


def test_folders_that_are_no_evaluations_are_not_listed(tmp_path: Path) -> None:
    assert earlier(tmp_path) == []
    id = begin(tmp_path)
    (tmp_path / "evaluations" / "empty").mkdir()
    (tmp_path / "evaluations" / "odd").mkdir()
    (tmp_path / "evaluations" / "odd" / "settings.json").write_text('{"plan": {}, "started": "now"}', "utf-8")
    assert [one.id for one in earlier(tmp_path)] == [id]
