"""`soliloquy reason`: one case, thought through in a terminal."""

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.asking import limits, loader, strategy_and_budget
from app.commands.errors import FAILURE, INTERRUPTED, fail, told
from app.commands.options import (
    Adapter,
    Answer,
    InnerName,
    MinimumThink,
    Model,
    Quantization,
    Quantize,
    Samples,
    Seed,
    Set,
    StrategyName,
    Temperature,
    Think,
)
from app.commands.reading import read_note
from app.commands.stopping import stoppable

if TYPE_CHECKING:
    from cases.case import Case
    from reasoning.engines.engine import Engine, ModelCard
    from reasoning.events import Event
    from reasoning.strategies import Budget, Strategy
    from storage.database import Database


@told
def reason(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A text file with the case; - reads standard input.")] = "-",
    strategy: StrategyName = "longstep",
    library: Annotated[str | None, typer.Option("--case", metavar="ID", help="Take a case of the library instead of a file.")] = None,
    model: Model = None,
    adapter: Adapter = None,
    quantization: Quantize = Quantization.nf4,
    samples: Samples = None,
    inner: InnerName = None,
    temperature: Temperature = None,
    parameters: Set = None,
    think: Think = 1024,
    minimum_think: MinimumThink = 0,
    answer: Answer = 900,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else; progress goes to stderr.")] = False,
    no_save: Annotated[bool, typer.Option("--no-save", help="Keep nothing of this run in the database.")] = False,
) -> None:
    """Think a case through aloud and print the differential.

    Evidence marked ✓ was found in the note word for word. Runs are kept in the same database as those of the app.
    Ctrl-C stops the run and keeps what it had.
    """
    case = read_note(file, library)
    allowed = limits(think, minimum_think, answer)
    chosen, budget = strategy_and_budget(strategy, samples, inner, temperature, allowed, seed, parameters or ())

    from app.commands.drawing import console, draw_live, tell_progress
    from app.commands.result import print_result
    from reasoning.recommended import as_recommended
    from reasoning.report import fold, to_document
    from storage.settings import read_settings

    _never_choke(sys.stdout, sys.stderr)
    out, err = console(), console(err=True)
    settings = read_settings()
    if temperature is None:
        chosen, budget = as_recommended(chosen, budget, model or settings.model)
    load = loader(settings, chosen, model, adapter, quantization)
    with _opened(no_save) as database:
        engine = load()
        run_id = uuid.uuid4().hex
        take = tell_progress(err) if as_json else draw_live(out)
        events, unsaved = _run(chosen, case, engine, budget, run_id, database, take)
        result = fold(events)
        if as_json:
            typer.echo(json.dumps(to_document(result, run_id, engine.card), ensure_ascii=False, indent=2))
        else:
            print_result(out, result, engine.card, run_id, saved=database is not None)
    if unsaved:
        fail(f"The run could not be saved completely: {unsaved}")
    if result.status == "cancelled":
        fail("Stopped; what the run had is kept." if database is not None else "Stopped.", INTERRUPTED)
    if result.status != "concluded":
        fail(result.failure or "The run ended without a result; run the case again.", FAILURE)


def _run(
    strategy: "Strategy",
    case: "Case",
    engine: "Engine",
    budget: "Budget",
    run_id: str,
    database: "Database | None",
    take: "Callable[[Event], None]",
) -> "tuple[list[Event], str]":
    """The events of the run, each recorded and then shown; and why the record is incomplete, or an empty text."""
    from app.recorder import Recorder
    from app.running import run_safely

    events: list[Event] = []
    if database is not None:
        _enter(database, case, strategy, budget, engine.card, run_id)
    with Recorder(database, run_id) if database is not None else nullcontext() as recorder, stoppable() as stopped:
        for event in run_safely(strategy, case, engine, budget, stopped):
            if recorder is not None:
                recorder.write(event)
            events.append(event)
            take(event)
    return events, recorder.problem if recorder is not None else ""


def _enter(database: "Database", case: "Case", strategy: "Strategy", budget: "Budget", card: "ModelCard", run_id: str) -> None:
    from app.version import app_version
    from storage.records import save_case, start_strategy

    kept = save_case(database, case)
    start_strategy(database, kept.id, strategy, budget, card, app_version=app_version(), run_id=run_id)


@contextmanager
def _opened(no_save: bool) -> "Iterator[Database | None]":
    if no_save:
        yield None
        return
    from storage.database import open_database

    database = open_database()
    try:
        yield database
    finally:
        database.close()


def _never_choke(*streams: Any) -> None:
    """A terminal that knows no "✓" gets a question mark rather than an error."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
