"""Accuracy of the shipped demonstration model, strategy by strategy, beside the baselines; writes the model card's figures.

    .venv/bin/python benchmarks/demonstration_accuracy.py --n 500
    .venv/bin/python benchmarks/demonstration_accuracy.py --n 40 --cases my_cases.jsonl --name typed --strategies vanilla longstep

Figures are kept in reasoning/demonstration/figures.json as they come, so that a stopped run loses one strategy at most.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import reasoning
from reasoning.evaluation.compare import baseline_figures, baseline_readers
from reasoning.evaluation.evaluate import evaluate, generated_cases, read_cases
from reasoning.presets import load_engine
from reasoning.strategies import Budget, build
from reasoning.training.card import write_card

DEMONSTRATION = Path(reasoning.__file__).parent / "demonstration"
FIGURES = DEMONSTRATION / "figures.json"
VOTED = {"inner": "longstep", "samples": 5, "temperature": 0.7}


def keep(name: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into the figures file, replacing those of the same strategy, and write the card anew."""
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    fresh = {row["strategy"] for row in rows}
    known[name] = [row for row in known.get(name, []) if row["strategy"] not in fresh] + rows
    FIGURES.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    write_card(DEMONSTRATION, known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--cases", type=Path, help="JSONL with vignette and diagnosis; without it, held-out generated cases")
    parser.add_argument("--name", default="heldout")
    parser.add_argument("--strategies", nargs="*", default=["vanilla", "cot", "longstep", "longmonolog", "majority_vote"])
    parser.add_argument("--inner", default=VOTED["inner"])
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--no-baselines", action="store_true")
    arguments = parser.parse_args()

    cases = read_cases(arguments.cases)[: arguments.n] if arguments.cases else generated_cases(arguments.n)
    if not arguments.no_baselines:
        keep(arguments.name, baseline_figures(cases, baseline_readers()))
    engine = load_engine("demo")
    for name in arguments.strategies:
        strategy = build(name, **({**VOTED, "inner": arguments.inner} if name == "majority_vote" else {}))
        width = max(1, arguments.at_once // (VOTED["samples"] if name == "majority_vote" else 1))
        result = evaluate(
            engine, strategy, cases, Budget(), width, lambda done, of, name=name: print(f"{name}: {done} of {of}", flush=True)
        )
        figures = result.summary()
        if name == "majority_vote":
            figures["parameters"] = {**VOTED, "inner": arguments.inner}
        print(json.dumps(figures), flush=True)
        keep(arguments.name, [figures])


if __name__ == "__main__":
    main()
