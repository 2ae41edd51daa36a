"""Accuracy of the shipped demonstration model, strategy by strategy, beside the baselines; writes the model card's figures.

    .venv/bin/python benchmarks/demonstration_accuracy.py --n 500
    .venv/bin/python benchmarks/demonstration_accuracy.py --n 40 --cases my_cases.jsonl --name typed --strategies vanilla longstep

Figures are kept in reasoning/demonstration/figures.json as they come, so that a stopped run loses one strategy at most.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import reasoning
from cases.case import Case
from reasoning.evaluation.compare import baseline_figures, baseline_readers
from reasoning.evaluation.evaluate import Evaluation, evaluate, generated_cases, read_cases
from reasoning.presets import EngineSettings, load_engine
from reasoning.strategies import Budget, build
from reasoning.training.card import write_card

DEMONSTRATION = Path(reasoning.__file__).parent / "demonstration"
FIGURES = DEMONSTRATION / "figures.json"
VOTED: dict[str, Any] = {"inner": "cot", "samples": 5, "temperature": 0.7}


def keep(name: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into the figures file, replacing those of the same strategy, and write the card anew."""
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    fresh = {row["strategy"] for row in rows}
    known[name] = [row for row in known.get(name, []) if row["strategy"] not in fresh] + rows
    FIGURES.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    write_card(DEMONSTRATION, known)


def measure(name: str, parameters: dict[str, Any], cases: list[Case], at_once: int) -> Evaluation:
    """One strategy over one part of the cases, on an engine of this process's own."""
    engine = load_engine("demo", EngineSettings(width=at_once))
    width = max(1, at_once // parameters.get("samples", 1))
    return evaluate(
        engine, build(name, **parameters), cases, Budget(), width, lambda done, of: print(f"{name}: {done} of {of}", flush=True)
    )


def measure_in_parts(
    pool: ProcessPoolExecutor, parts: int, name: str, parameters: dict[str, Any], cases: list[Case], at_once: int
) -> Evaluation:
    """One strategy over all cases, a part to each process; the seconds are those on the wall."""
    began = time.monotonic()
    size = -(-len(cases) // parts)
    jobs = [pool.submit(measure, name, parameters, cases[at : at + size], at_once) for at in range(0, len(cases), size)]
    results = [job.result() for job in jobs]
    outcomes = tuple(outcome for result in results for outcome in result.outcomes)
    return replace(results[0], outcomes=outcomes, seconds=time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--cases", type=Path, help="JSONL with vignette and diagnosis; without it, held-out generated cases")
    parser.add_argument("--name", default="heldout")
    parser.add_argument("--strategies", nargs="*", default=["vanilla", "cot", "longstep", "longmonolog", "majority_vote"])
    parser.add_argument("--inner", default=VOTED["inner"])
    parser.add_argument("--at-once", type=int, default=128, help="samples in one batch")
    parser.add_argument("--processes", type=int, default=2, help="each takes a part of the cases and one thread")
    parser.add_argument("--no-baselines", action="store_true")
    arguments = parser.parse_args()

    cases = read_cases(arguments.cases)[: arguments.n] if arguments.cases else generated_cases(arguments.n)
    if not arguments.no_baselines:
        keep(arguments.name, baseline_figures(cases, baseline_readers()))
    with ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool:
        for name in arguments.strategies:
            parameters = {**VOTED, "inner": arguments.inner} if name == "majority_vote" else {}
            figures = measure_in_parts(pool, arguments.processes, name, parameters, cases, arguments.at_once).summary()
            if parameters:
                figures["parameters"] = parameters
            print(json.dumps(figures), flush=True)
            keep(arguments.name, [figures])


if __name__ == "__main__":
    main()
