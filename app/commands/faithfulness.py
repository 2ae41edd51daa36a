"""`soliloquy faithfulness`: whether the trace drives the answer or decorates it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from app.commands.asking import limits, loader, strategy_and_budget
from app.commands.errors import InputError, told
from app.commands.options import Adapter, Answer, Model, Quantization, Quantize, Think

if TYPE_CHECKING:
    from reasoning.evaluation.intervention_plan import Kind


@told
def faithfulness(
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", metavar="NAME", help="A strategy with one trace: cot, longstep or longmonolog.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for rows and figures; unfinished work in it is continued.")
    ],
    dataset: Annotated[str, typer.Argument(metavar="[DATASET]", help="A data set by name, or generated cases.")] = "generated:heldout",
    data: Annotated[Path | None, typer.Option("--data", metavar="FILE", help="The file of the data set, where it has one.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many cases, from the first one on.", min=1)] = 100,
    kinds: Annotated[
        str, typer.Option("--kinds", metavar="LIST", help="Which changes to make; the unchanged trace is always the control.")
    ] = "cut,negate,swap,replace,filler",
    model: Model = None,
    adapter: Adapter = None,
    quantization: Quantize = Quantization.nf4,
    think: Think = 1024,
    answer: Answer = 900,
    at_once: Annotated[int, typer.Option("--at-once", help="Answers that share a batch of the model.", min=1)] = 24,
) -> None:
    """Change the written reasoning, let the model answer again behind it, and see whether the answer goes with it.

    The folder will hold traces, which quote the notes: treat it like the notes.
    """
    chosen, budget = strategy_and_budget(strategy, None, None, None, limits(think, 0, answer), 0)
    wanted = _kinds(kinds)

    from cases.benchmarks import read_benchmark
    from cases.knowledge import load_knowledge
    from reasoning.evaluation import intervention, intervention_report
    from reasoning.evaluation.intervention_figures import figures_of
    from reasoning.strategies.chain import Chain
    from storage.settings import read_settings

    if not isinstance(chosen, Chain) or not chosen.thinks:
        raise InputError(f"The strategy {chosen.name} has no single trace to change: choose --strategy cot, longstep or longmonolog.")
    benchmark = read_benchmark(dataset, data, limit)
    engine = loader(read_settings(), chosen, model, adapter, quantization)()
    rows = intervention.intervene(
        out,
        [item.to_case() for item in benchmark.items],
        engine,
        chosen,
        budget,
        wanted,
        f"{dataset}, {data.name}" if data else dataset,
        at_once,
        lambda what, done, of: typer.echo(f"{done} of {of} {what}", err=True),
    )
    figures, run = figures_of(rows.unchanged, rows.changed, load_knowledge()), json.loads((out / "run.json").read_text("utf-8"))
    left_out = len(benchmark.left_out)
    try:
        summary = intervention_report.document(figures, run, left_out)
        (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
        (out / "summary.md").write_text(intervention_report.markdown(figures, run, left_out), "utf-8")
    except OSError:
        raise InputError(f"The figures cannot be written to {out.name}: choose another folder with --out.") from None
    typer.echo(intervention_report.headline(figures))
    _print(intervention_report.table(figures))
    if figures.early:
        typer.echo("")
        _print(intervention_report.early_table(figures))
    typer.echo(f"\nPercent with 95 % intervals. How to read this: {out / 'summary.md'}")


def _kinds(given: str) -> "tuple[Kind, ...]":
    from reasoning.evaluation.intervention_plan import KINDS

    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        raise InputError(f"There is no change {unknown[0] if unknown else ''!r}: give --kinds some of {','.join(KINDS)}.")
    return cast("tuple[Kind, ...]", tuple(names))


def _print(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
