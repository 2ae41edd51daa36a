"""`soliloquy evaluate` and `soliloquy report`: how good strategies are on cases whose answer is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.asking import TUNABLE, adapters_given, limits, named
from app.commands.errors import INTERRUPTED, InputError, fail, told
from app.commands.options import Adapter, Answer, MinimumThink, Model, Quantization, Quantize, Seed, Think
from app.commands.stopping import stoppable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reasoning.engines.engine import Engine
    from reasoning.evaluation.suite import Arm
    from storage.settings import Settings

_DATASETS = (
    "generated:heldout, generated:train, library, medqa-4, medqa-5, medbullets-4, medbullets-5, jama, medxpertqa, open-xddx, "
    "craft-md, diagnosisarena or dxbench, most with --data; or the path of your own CSV or JSONL file."
)


class AskName(StrEnum):
    auto = "auto"
    options = "options"
    diagnosis = "diagnosis"


@told
def evaluate(
    strategy: Annotated[
        list[str],
        typer.Option(
            "--strategy",
            "-s",
            metavar="NAMES",
            help="Strategies, each with its parameters: vanilla,cot:think=512,majority_vote:samples=8:inner=cot.",
        ),
    ],
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help=_DATASETS)] = None,
    data: Annotated[Path | None, typer.Option("--data", "--cases", metavar="FILE", help="The file of a data set that has one.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "--n", help="How many cases, from the first one on; generated sets: 100.", min=1)
    ] = None,
    ask: Annotated[
        AskName, typer.Option("--ask", help="Show the options, or ask for a diagnosis; auto: as the data set was published.")
    ] = AskName.auto,
    shuffle_options: Annotated[
        int | None, typer.Option("--shuffle-options", metavar="SEED", help="Put the options of every item in another order.", min=0)
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option("--sweep", metavar="64,128,…", help="Run each chain that thinks at these lengths too, forced to be exactly as long."),
    ] = None,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Measure the naive Bayes baselines and the generator's ceiling as well.")
    ] = False,
    model: Model = None,
    adapter: Adapter = None,
    quantization: Quantize = Quantization.nf4,
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            "-t",
            metavar="T",
            help="Of chains that do not say their own; 0 takes the likeliest token.  [default: what the model's makers recommend, else 0]",
        ),
    ] = None,
    think: Think = 1024,
    minimum_think: MinimumThink = 0,
    answer: Answer = 900,
    seed: Seed = 0,
    at_once: Annotated[int, typer.Option("--at-once", metavar="N", help="Samples that share a batch of the model.", min=1)] = 24,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for records and report; notes lie in it. Without it nothing is kept."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the evaluation that the folder holds.")] = False,
    with_cases: Annotated[bool, typer.Option("--with-cases", help="Put notes, reasoning and answers into report.html.")] = False,
) -> None:
    """Measure strategies on cases whose answer is known, side by side.

    Every answer is kept in DIR/records.jsonl as it comes, so a run that was stopped or killed goes on with --resume. That file holds the
    notes, in the prompts: treat the folder like the notes. Nothing of them goes into logs, into the database, or into the report unless
    --with-cases asks for it. report.html needs no network.
    """
    from reasoning.evaluation.suite import parse_arms, prepare, swept
    from reasoning.evaluation.suite.arms import arms_as_recommended
    from storage.settings import read_settings

    settings = read_settings()
    name = _model_name(settings, model)
    arms = parse_arms(strategy, _budget(limits(think, minimum_think, answer), temperature, seed))
    arms = arms_as_recommended(arms, name) if temperature is None else arms
    arms += swept(arms, _lengths(sweep)) if sweep else ()
    if resume and out is None:
        raise InputError("--resume goes on with a folder: name it with --out.")
    prepared = prepare(
        dataset or ("own" if data else "generated:heldout"),
        arms,
        data=data,
        ask=ask.value,
        limit=limit,
        shuffle_options=shuffle_options,
        seed=seed,
        model=name,
        quantization=quantization.value,
        adapter=", ".join(adapter) if adapter else None,
    )
    load = _loader(settings, arms, model, adapter, quantization)
    with _folder(out) as folder:
        _run(folder, prepared, load, resume=resume, at_once=at_once, baseline=baseline, kept=out is not None)
        _report(folder, with_cases, kept=out is not None)


@told
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `soliloquy evaluate --out` wrote.")],
    with_cases: Annotated[bool, typer.Option("--with-cases", help="Put notes, reasoning and answers into report.html.")] = False,
) -> None:
    """Draw the report of an evaluation again from its records, complete or not."""
    _report(folder, with_cases, kept=True)


def _run(folder: Path, prepared: Any, load: "Callable[[], Engine]", *, resume: bool, at_once: int, baseline: bool, kept: bool) -> None:
    from app.commands.evaluation_progress import shown
    from reasoning.evaluation.suite import run_suite
    from reasoning.evaluation.suite.baseline import measure_baselines

    for row in prepared.left_out[:5]:
        typer.echo(f"Left out: {row}", err=True)
    if len(prepared.left_out) > 5:
        typer.echo(f"Left out: {len(prepared.left_out) - 5} more rows.", err=True)
    with stoppable() as stopped, shown() as progress:
        complete = run_suite(folder, prepared, load, resume=resume, at_once=at_once, progress=progress, cancelled=stopped)
    if not complete:
        fail("Stopped; what was answered is kept: go on with --resume" if kept else "Stopped; nothing is kept without --out", INTERRUPTED)
    if baseline:
        measure_baselines(folder, prepared)


def _report(folder: Path, with_cases: bool, kept: bool) -> None:
    from reasoning.evaluation.report import build_report
    from reasoning.evaluation.report.words import interval, number, percent

    summary = build_report(folder, with_cases)
    plan, model = summary["plan"], summary["model"]["id"] if summary["model"] else "?"
    typer.echo(f"{plan['dataset']}, {plan['items']} cases, {model}; right answers with 95 % intervals")
    for arm in summary["arms"]:
        unread = arm["unreadable"]["hits"]
        typer.echo(
            f"  {arm['title']}: {percent(arm['right'])} % ({interval(arm['right'])}), n = {arm['n']}; "
            f"{number(arm['thinking_tokens']['value'])} thinking and {number(arm['answer_tokens']['value'])} answer tokens a case; "
            f"{unread} could not be read"
        )
    for row in summary["baselines"]:
        first = row["recall"]["1"]
        typer.echo(f"  {row['name']}: {percent(first)} % ({interval(first)}), n = {row['n']}")
    if kept:
        typer.echo(f"{'All' if summary['complete'] else 'Unfinished'}: {summary['records']} of {summary['wanted']} answers.")
        typer.echo(f"Report: {folder / 'report.html'}")


def _budget(spend: dict[str, int], temperature: float | None, seed: int) -> Any:
    from pydantic import ValidationError

    from app.commands.asking import fault
    from reasoning.strategies import Budget

    try:
        return Budget.model_validate({**spend, **({} if temperature is None else {"temperature": temperature}), "seed": seed})
    except ValidationError as error:
        raise InputError(fault(error)) from None


def _lengths(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise InputError("--sweep takes numbers of thinking tokens with commas between them, such as 64,128,256.")
    return [int(part) for part in parts]


def _model_name(settings: "Settings", model: str | None) -> str:
    return model or (settings.engine if settings.engine == "scripted" else settings.model)


def _loader(
    settings: "Settings", arms: "tuple[Arm, ...]", model: str | None, adapter: list[str] | None, quantization: Quantization
) -> "Callable[[], Engine]":
    from app.models import engine_loader

    tunable = {chain for arm in arms if (chain := str(getattr(arm.strategy, "inner", arm.strategy.name))) in TUNABLE}
    given = adapters_given(adapter or ())
    if None in given and len(tunable) != 1:
        raise InputError(f"--adapter belongs to one strategy: evaluate exactly one of {', '.join(TUNABLE)} with it, or name it: NAME=PATH.")
    return engine_loader(settings, model, adapters=named(given, next(iter(tunable), "")), quantization=quantization.value)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with TemporaryDirectory(prefix="soliloquy-") as folder:
        yield Path(folder)
