"""Runs a strategy over cases with known diagnoses and reports how often it was right, with n and an interval."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.case import Case, CaseError, Origin, read_case
from cases.generator import Split, generate_case
from cases.knowledge import Knowledge, load_knowledge
from reasoning.differential import Differential
from reasoning.engines.engine import Engine
from reasoning.evaluation.metrics import Share, gold_rank, mean_reciprocal_rank, within
from reasoning.evaluation.together import together
from reasoning.events import Concluded, Failed, SampleFinished
from reasoning.strategies.running import run_strategy
from reasoning.strategies.strategy import Budget, Strategy

HELD_OUT_SEED = 0


@dataclass(frozen=True)
class CaseOutcome:
    """What one run gave, without the note's text."""

    case: str
    gold: str
    rank: int | None
    first: str | None
    readable: bool
    thinking_tokens: int
    answer_tokens: int
    quotations: int
    verified: int
    trace_quotations: int
    trace_verbatim: int
    mean_logprob: float | None


@dataclass(frozen=True)
class Evaluation:
    """A strategy's figures over cases."""

    strategy: str
    outcomes: tuple[CaseOutcome, ...]
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
        tokens = sum(o.thinking_tokens + o.answer_tokens for o in self.outcomes)

        def share(hits: int, of: int) -> float | None:
            return round(hits / of, 4) if of else None

        return {
            "strategy": self.strategy,
            "n": n,
            "top1": round(self.top1.value, 4),
            "top1_interval": [round(x, 4) for x in self.top1.interval],
            "top3": round(self.top3.value, 4),
            "top3_interval": [round(x, 4) for x in self.top3.interval],
            "mean_reciprocal_rank": round(mean_reciprocal_rank([o.rank for o in self.outcomes]), 4),
            "unreadable": sum(not o.readable for o in self.outcomes),
            "thinking_tokens": round(sum(o.thinking_tokens for o in self.outcomes) / max(n, 1), 1),
            "answer_tokens": round(sum(o.answer_tokens for o in self.outcomes) / max(n, 1), 1),
            "evidence_verbatim": share(sum(o.verified for o in self.outcomes), sum(o.quotations for o in self.outcomes)),
            "trace_quotations_verbatim": share(
                sum(o.trace_verbatim for o in self.outcomes), sum(o.trace_quotations for o in self.outcomes)
            ),
            "tokens_per_second": round(tokens / self.seconds, 1) if self.seconds else None,
            "seconds": round(self.seconds, 1),
        }


def trace_quotations(text: str) -> list[str]:
    """What a trace says the note says: `+ wording = finding` lines, and words in double quotes."""
    lines = [line[2:].rsplit(" = ", 1)[0] for line in text.splitlines() if line[:2] in ("+ ", "- ") and " = " in line]
    return lines + [part for line in text.splitlines() if line[:2] not in ("+ ", "- ") for part in line.split('"')[1::2]]


def run_case(engine: Engine, strategy: Strategy, case: Case, budget: Budget, knowledge: Knowledge) -> CaseOutcome:
    """One run, reduced to its figures."""
    differential: Differential | None = None
    samples: list[SampleFinished] = []
    for event in run_strategy(strategy, case, engine, budget):
        if isinstance(event, Concluded):
            differential = event.differential
        elif isinstance(event, SampleFinished):
            samples.append(event)
        elif isinstance(event, Failed) and not samples:
            break
    quotations = [q for h in (differential.hypotheses if differential else ()) for q in (*h.supporting, *h.refuting)]
    said = [quote for sample in samples for quote in trace_quotations(sample.trace.text)]
    logprobs = [s.mean_logprob for s in samples if s.mean_logprob is not None]
    return CaseOutcome(
        case=case.id,
        gold=case.gold or "",
        rank=gold_rank(differential, case, knowledge),
        first=differential.hypotheses[0].diagnosis if differential else None,
        readable=differential is not None,
        thinking_tokens=sum(s.usage.thinking_tokens for s in samples),
        answer_tokens=sum(s.usage.answer_tokens for s in samples),
        quotations=len(quotations),
        verified=sum(q.verified for q in quotations),
        trace_quotations=len(said),
        trace_verbatim=sum(quote in case.text for quote in said),
        mean_logprob=sum(logprobs) / len(logprobs) if logprobs else None,
    )


def evaluate(
    engine: Engine,
    strategy: Strategy,
    cases: Sequence[Case],
    budget: Budget | None = None,
    at_once: int = 24,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Evaluation:
    """The figures of a strategy over cases with gold diagnoses; `at_once` runs share each batch of the engine."""
    knowledge, budget, began = load_knowledge(), budget or Budget(), time.monotonic()
    outcomes: list[CaseOutcome] = []
    for first in range(0, len(cases), at_once):
        batch = cases[first : first + at_once]
        outcomes += together(engine, lambda proxy, case: run_case(proxy, strategy, case, budget, knowledge), batch)
        progress(len(outcomes), len(cases))
    return Evaluation(strategy.name, tuple(outcomes), time.monotonic() - began)


def generated_cases(n: int, split: Split = "heldout", first_seed: int = HELD_OUT_SEED) -> list[Case]:
    """The first n generated cases of a split, with their gold diagnoses."""
    return [generate_case(first_seed + i, split).case for i in range(n)]


def read_cases(path: Path) -> list[Case]:
    """Cases of a JSONL file with `vignette` or `text`, and `diagnosis` or `gold`. Raises CaseError naming the line."""
    cases = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise CaseError(f"{path.name} cannot be read as UTF-8 text; give a JSONL file with one case a line.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, gold = row.get("vignette") or row["text"], row.get("diagnosis") or row["gold"]
            case = read_case(text, origin=Origin.benchmark, gold=gold, id=str(row.get("id", number)))
        except (KeyError, AttributeError, json.JSONDecodeError):
            raise CaseError(f"{path.name}, line {number}: a case needs `vignette` (or `text`) and `diagnosis` (or `gold`).") from None
        cases.append(case.model_copy(update={"gold_synonyms": tuple(row.get("synonyms", ()))}))
    return cases
