"""`soliloquy evaluate`: how often a strategy is right, on cases whose answer is known."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.asking import limits, loader, strategy_and_budget
from app.commands.errors import InputError, fail, told
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
    StrategyName,
    Temperature,
    Think,
)

if TYPE_CHECKING:
    from cases.case import Case


class Split(StrEnum):
    heldout = "heldout"
    train = "train"


@told
def evaluate(
    strategy: StrategyName,
    n: Annotated[int, typer.Option("--n", help="How many cases, from the first one on.", min=1)] = 100,
    model: Model = None,
    adapter: Adapter = None,
    quantization: Quantize = Quantization.nf4,
    samples: Samples = None,
    inner: InnerName = None,
    temperature: Temperature = None,
    think: Think = 1024,
    minimum_think: MinimumThink = 0,
    answer: Answer = 900,
    seed: Seed = 0,
    split: Annotated[
        Split, typer.Option("--split", help="Generated cases the model never saw, or those it was trained on.")
    ] = Split.heldout,
    file: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE.jsonl", help="Own cases instead: `text` and `gold` on each line.")
    ] = None,
    baseline: Annotated[bool, typer.Option("--baseline", help="Measure the naive Bayes baselines on the same cases as well.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Keep figures and outcomes as JSON; no note is in it.")
    ] = None,
) -> None:
    """Measure top-1 and top-3 accuracy on cases with known diagnoses. Nothing is kept in the database."""
    chosen, budget = strategy_and_budget(strategy, samples, inner, temperature, limits(think, minimum_think, answer), seed)
    if out is not None and not out.absolute().parent.is_dir():
        raise InputError("The folder of --out does not exist: create it first.")

    from reasoning.evaluation import evaluate as measuring
    from reasoning.evaluation.compare import baseline_figures, baseline_readers
    from storage.settings import read_settings

    cases = _cases(file, split, n)
    engine = loader(read_settings(), chosen, model, adapter, quantization)()
    measured = measuring.evaluate(engine, chosen, cases, budget, progress=lambda done, of: typer.echo(f"{done} of {of} cases", err=True))
    document: dict[str, Any] = {
        "model": engine.card.model_dump(mode="json"),
        "strategy": chosen.name,
        "parameters": chosen.model_dump(mode="json"),
        "budget": budget.model_dump(mode="json"),
        "cases": file.name if file else f"generated, {split.value}",
        "summary": measured.summary(),
        "baselines": {row["strategy"]: row for row in baseline_figures(cases, baseline_readers())} if baseline else {},
        "outcomes": [asdict(outcome) for outcome in measured.outcomes],
    }
    _print(document)
    if out is not None:
        try:
            out.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            fail(f"The figures cannot be written ({(error.strerror or 'error').lower()}): choose another file with --out.")


def _cases(file: Path | None, split: Split, n: int) -> "list[Case]":
    from reasoning.evaluation.evaluate import generated_cases, read_cases

    cases = read_cases(file)[:n] if file else generated_cases(n, "heldout" if split is Split.heldout else "train")
    if not cases:
        raise InputError("There is no case in this file: give a JSONL file with one case a line.")
    return cases


def _print(document: dict[str, Any]) -> None:
    summary = document["summary"]
    typer.echo(f"{document['strategy']} with {document['model']['id']} on {summary['n']} cases ({document['cases']})")
    for label, figures in {"": summary, **document["baselines"]}.items():
        typer.echo(
            f"{label + ': ' if label else ''}top-1 {figures['top1']:.1%} ({_interval(figures['top1_interval'])}), "
            f"top-3 {figures['top3']:.1%} ({_interval(figures['top3_interval'])}); 95 % intervals, n = {figures['n']}"
        )
    thinking, answer = summary["thinking_tokens"], summary["answer_tokens"]
    typer.echo(f"{summary['unreadable']} unreadable; {thinking:g} thinking and {answer:g} answer tokens a case")
    typer.echo(f"{summary['tokens_per_second'] or 0:g} tokens a second, {summary['seconds']:g} s in all")


def _interval(bounds: list[float]) -> str:
    return f"{bounds[0]:.1%} to {bounds[1]:.1%}"
