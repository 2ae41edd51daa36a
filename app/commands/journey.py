"""`soliloquy journey`: reasoning traces to train on, made and chosen."""

import time
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.asking import limits, loader, strategy_and_budget
from app.commands.errors import InputError, told
from app.commands.options import Adapter, Answer, Model, Quantization, Quantize, Seed, StrategyName, Think

if TYPE_CHECKING:
    from reasoning.journey.curation import Curated

FIRST_SEED = 100_000_000
"""Far beyond the seeds that a base model is trained on: an adapter learns to reason from cases that its base never saw."""

journey = typer.Typer(help="Make and choose reasoning traces to train on.", no_args_is_help=True)


class StyleName(StrEnum):
    longstep = "longstep"
    longmonolog = "longmonolog"
    cot = "cot"
    direct = "direct"


class SourceName(StrEnum):
    knowledge = "knowledge"
    teacher = "teacher"
    approved = "approved"


class PromptFamily(StrEnum):
    demonstration = "demonstration"
    general = "general"


Records = Annotated[
    Path, typer.Argument(metavar="FILE.jsonl", help="Records that `journey synthesize` wrote; join several files with cat.")
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE.jsonl", help="The file to write.")]


@journey.callback()
def _group() -> None:
    """Make and choose reasoning traces to train on."""


@journey.command()
@told
def synthesize(
    style: Annotated[StyleName, typer.Option("--style", help="How the traces think; direct has none.")],
    source: Annotated[SourceName, typer.Option("--from", help="The knowledge base, a teacher model, or runs that clinicians approved.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.jsonl", help="Where to write; an unfinished file is continued.")],
    count: Annotated[int, typer.Option("--count", help="How many cases to try, from the first one on.", min=1)] = 500,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Case i is drawn with seed N + i.", min=0, max=2**31 - 1)] = FIRST_SEED,
    cases: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE", help="Own cases for the teacher, JSONL or CSV with note and diagnosis.")
    ] = None,
    prompts: Annotated[
        PromptFamily | None, typer.Option("--prompts", help="Prompt family of the model to be trained; default: that of the source.")
    ] = None,
    model: Model = None,
    quantization: Quantize = Quantization.nf4,
    temperature: Annotated[float, typer.Option("--temperature", "-t", help="How freely the teacher thinks.", min=0, max=2)] = 0.7,
    think: Think = 4096,
    answer: Answer = 900,
    at_once: Annotated[int, typer.Option("--at-once", help="Cases that share a batch of the teacher.", min=1)] = 8,
) -> None:
    """Write traces whose conclusion is the known diagnosis, one record a line. Started again, it goes on behind the last one."""
    if source is not SourceName.teacher and (model is not None or cases is not None):
        raise InputError("--model and --cases belong to a teacher: leave them out, or choose --from teacher.")

    from app.commands import journey_sources as sources
    from reasoning.journey.from_knowledge import synthesize_from_knowledge
    from reasoning.journey.record import Source, Style
    from reasoning.journey.synthesis import begun

    wanted, family = Style(style.value), prompts.value if prompts else None
    before = begun(out, wanted, Source(source.value))
    match source:
        case SourceName.knowledge:
            done = synthesize_from_knowledge(out, wanted, before, count, seed, family or "demonstration", _tell)
        case SourceName.teacher:
            _, budget = strategy_and_budget("cot", None, None, temperature, limits(think, 0, answer), seed)
            teacher = sources.Teacher(model, quantization.value, budget, at_once)
            done = sources.from_teacher(out, wanted, before, count, seed, family, _tell, teacher, cases)
        case SourceName.approved:
            done = sources.from_approved(out, wanted, before, count, family, _tell)
            typer.echo("The file holds the notes of runs: treat it like the patients' records.", err=True)
    behind = f" behind the {len(before)} that were there" if before else ""
    earlier = f" now and {done.dropped_before} before" if done.dropped_before else ""
    typer.echo(f"Wrote {_records(done.kept)} to {out}{behind}; dropped {done.dropped.total()}{earlier}.")
    _table([(reason, str(number)) for reason, number in done.dropped.most_common()])


@journey.command()
@told
def solve(
    file: Records,
    strategy: StrategyName,
    out: Out,
    model: Model = None,
    adapter: Adapter = None,
    quantization: Quantize = Quantization.nf4,
    think: Think = 1024,
    answer: Answer = 900,
    seed: Seed = 0,
) -> None:
    """Let a small model, or the direct answer (--strategy vanilla), try every case: what it solves is too easy to train on."""
    from reasoning.journey import JourneyRecord, solving
    from reasoning.journey.lines import read_rows
    from storage.settings import read_settings

    records = read_rows(file, JourneyRecord)
    chosen, budget = strategy_and_budget(strategy, None, None, None, limits(think, 0, answer), seed)
    engine = loader(read_settings(), chosen, model, adapter, quantization)()
    rows = solving.solve(out, records, engine, chosen, budget, progress=_tell)
    counted = Counter(row.solver for row in rows if row.solved)
    for solver in dict.fromkeys(row.solver for row in rows):
        typer.echo(f"{solver} solved {counted[solver]} of {sum(row.solver == solver for row in rows)} cases.")


@journey.command()
@told
def curate(
    file: Records,
    out: Out,
    keep: Annotated[int, typer.Option("--keep", help="How many records to choose.", min=1)] = 500,
    against: Annotated[
        list[Path] | None, typer.Option("--against", metavar="EVAL", help="An evaluation set to keep clear of; give it once for each file.")
    ] = None,
    solved: Annotated[
        list[Path] | None, typer.Option("--solved", metavar="FILE.jsonl", help="What `journey solve` wrote; solved cases are dropped.")
    ] = None,
    shortest: Annotated[float, typer.Option("--shortest", help="Share of the shortest traces to drop as too easy.", min=0, max=0.9)] = 0.0,
    matches: Annotated[int, typer.Option("--matches", help="How many shared runs of eight words are too many.", min=1)] = 1,
    seed: Seed = 0,
) -> None:
    """Choose records by quality, difficulty and diversity, clear of every evaluation set, and say what was dropped and why."""
    from cases.knowledge import load_knowledge
    from reasoning.journey import JourneyRecord, curation
    from reasoning.journey.decontamination import ngrams_of
    from reasoning.journey.evaluation_texts import evaluation_texts
    from reasoning.journey.lines import read_rows, write_rows
    from reasoning.journey.solving import Solved

    records = read_rows(file, JourneyRecord)
    tried = [row for path in solved or () for row in read_rows(path, Solved)]
    evaluations = {path.name: ngrams_of(evaluation_texts(path)) for path in against or ()}
    chosen = curation.curate(
        records, load_knowledge(), keep, evaluations=evaluations, solved=tried, shortest=shortest, matches=matches, seed=seed
    )
    write_rows(out, chosen.kept)
    _print_account(len(records), chosen)
    typer.echo(f"Wrote {_records(len(chosen.kept))} to {out}.")
    if not against:
        typer.echo("No evaluation set was given: name every one in use with --against before you train.", err=True)
    if len(chosen.kept) < keep:
        typer.echo(f"{keep} were asked for: synthesize more, or drop less.", err=True)


@journey.command()
@told
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where everything is kept; started again, it goes on.")],
    quick: Annotated[bool, typer.Option("--quick", help="A small version of everything, in less than 15 minutes on two cores.")] = False,
) -> None:
    """Rebuild the whole experiment in miniature: traces, base models of two sizes, adapters, and the table of results."""
    from app.models import quieten

    quieten()
    from reasoning.journey.demo import FULL, QUICK, run_demo
    from reasoning.training.adapters import libraries

    libraries.require()
    began = time.monotonic()
    table = run_demo(
        out, QUICK if quick else FULL, lambda line: typer.echo(f"{(time.monotonic() - began) / 60:6.1f} min  {line}", err=True)
    )
    typer.echo(table.read_text("utf-8"))
    typer.echo(f"Kept in {table}", err=True)


def _print_account(given: int, chosen: "Curated") -> None:
    rows = [("given", "", str(given))]
    rows += [(loss.stage, loss.reason, f"-{loss.count}") for loss in chosen.losses]
    _table([*rows, ("kept", "", str(len(chosen.kept)))])
    typer.echo("Kept by specialty: " + (", ".join(f"{name} {number}" for name, number in chosen.specialties.most_common()) or "none"))


def _table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell, the figures of the last one under each other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        typer.echo("  " + "  ".join([*cells, row[-1].rjust(widths[-1])]))


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"


def _tell(done: int, of: int) -> None:
    typer.echo(f"{done} of {of} cases", err=True)
