"""Runs one strategy over cases with known diagnoses, in memory, and reports how often it was right, with n and an interval.

Several strategies over a data set, kept in a folder and compared: `reasoning.evaluation.suite`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.benchmarks import BenchmarkError, BenchmarkItem, read_benchmark
from cases.case import Case
from cases.generator import Split, generate_case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine
from reasoning.evaluation.metrics import Share, mean_reciprocal_rank, within
from reasoning.evaluation.ranking import pooled
from reasoning.evaluation.suite.arms import Arm
from reasoning.evaluation.suite.asking import ask
from reasoning.evaluation.suite.record import Record
from reasoning.evaluation.together import together
from reasoning.strategies import Budget, Strategy

HELD_OUT_SEED = 0


@dataclass(frozen=True)
class Evaluation:
    """A strategy's figures over cases."""

    strategy: str
    outcomes: tuple[Record, ...]
    seconds: float

    @property
    def top1(self) -> Share:
        return within([o.rank for o in self.outcomes], 1)

    @property
    def top3(self) -> Share:
        return within([o.rank for o in self.outcomes], 3)

    def summary(self) -> dict[str, Any]:
        """Figures ready for JSON: shares with 95 % intervals, tokens a case, tokens a second over all."""
        n = len(self.outcomes)
        thinking, answer = (sum(getattr(o.usage, name) for o in self.outcomes) for name in ("thinking_tokens", "answer_tokens"))
        return {
            "strategy": self.strategy,
            "n": n,
            "top1": round(self.top1.value, 4),
            "top1_interval": [round(x, 4) for x in self.top1.interval],
            "top3": round(self.top3.value, 4),
            "top3_interval": [round(x, 4) for x in self.top3.interval],
            "mean_reciprocal_rank": round(mean_reciprocal_rank([o.rank for o in self.outcomes]), 4),
            "unreadable": sum(not o.readable for o in self.outcomes),
            "thinking_tokens": round(thinking / max(n, 1), 1),
            "answer_tokens": round(answer / max(n, 1), 1),
            "evidence_verbatim": _of_all([o.quotations for o in self.outcomes]),
            "trace_quotations_verbatim": _of_all([o.traced for o in self.outcomes]),
            "tokens_per_second": round((thinking + answer) / self.seconds, 1) if self.seconds else None,
            "seconds": round(self.seconds, 1),
        }


def _of_all(shares: Sequence[Share]) -> float | None:
    share = pooled(shares)
    return round(share.value, 4) if share.n else None


def evaluate(
    engine: Engine,
    strategy: Strategy,
    cases: Sequence[Case],
    budget: Budget | None = None,
    at_once: int = 24,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Evaluation:
    """The figures of a strategy over cases with gold diagnoses; `at_once` runs share each batch of the engine.

    Raises EngineError when the engine breaks down; an answer that cannot be read is wrong.
    """
    knowledge, arm, began = load_knowledge(), Arm(strategy.name, strategy, budget or Budget()), time.monotonic()
    items, outcomes = [_item(case) for case in cases], list[Record]()
    for first in range(0, len(items), at_once):
        batch = items[first : first + at_once]
        outcomes += together(engine, lambda proxy, item: ask(proxy, arm, item, "diagnosis", knowledge), batch)
        progress(len(outcomes), len(items))
    return Evaluation(strategy.name, tuple(outcomes), time.monotonic() - began)


def _item(case: Case) -> BenchmarkItem:
    return BenchmarkItem(id=case.id, dataset=case.origin.value, text=case.text, diagnosis=case.gold, synonyms=case.gold_synonyms)


def generated_cases(n: int, split: Split = "heldout", first_seed: int = HELD_OUT_SEED) -> list[Case]:
    """The first n generated cases of a split, with their gold diagnoses."""
    return [generate_case(first_seed + i, split).case for i in range(n)]


def read_cases(path: Path) -> list[Case]:
    """The cases of a file of one's own, all of which must name a diagnosis. Raises BenchmarkError naming the line."""
    benchmark = read_benchmark("own", path)
    if benchmark.left_out:
        raise benchmark.left_out[0]
    if any(item.diagnosis is None for item in benchmark.items):
        raise BenchmarkError(
            path.name, "", "not every case names its diagnosis: fill in `diagnosis`, or evaluate with `soliloquy evaluate`."
        )
    return [item.to_case() for item in benchmark.items]
