"""The figures of the simple baselines on the same cases as a strategy, so that nobody reads one without the other."""

from collections.abc import Callable, Sequence
from typing import Any

from cases.case import Case
from cases.generator import generate_case, taught
from cases.knowledge import Knowledge, load_knowledge
from reasoning.evaluation.baselines import Ranking, fit_words, naive_bayes
from reasoning.evaluation.metrics import within

WORD_MODEL_CASES = 8_000
PHRASES = "naive Bayes over matched phrases"
WORDS = "naive Bayes over words"


def baseline_readers(word_cases: int = WORD_MODEL_CASES) -> dict[str, Callable[[str], Ranking]]:
    """Both baselines, taught with what the demonstration model was taught with: training phrasings, training cases."""
    known = taught(load_knowledge())
    words = fit_words(generate_case(seed, "train") for seed in range(word_cases))
    return {PHRASES: lambda text: naive_bayes(text, known), WORDS: words.rank}


def baseline_figures(
    cases: Sequence[Case], readers: dict[str, Callable[[str], Ranking]], knowledge: Knowledge | None = None
) -> list[dict[str, Any]]:
    """Top-1 and top-3 of each baseline with 95 % intervals. A gold diagnosis outside the knowledge base counts as wrong."""
    knowledge = knowledge or load_knowledge()
    figures = []
    for name, rank in readers.items():
        ranks: list[int | None] = []
        for case in cases:
            gold = knowledge.condition_named(case.gold or "")
            order = [condition for condition, _ in rank(case.text)]
            ranks.append(order.index(gold.id) + 1 if gold else None)
        top1, top3 = within(ranks, 1), within(ranks, 3)
        figures.append(
            {
                "strategy": name,
                "n": len(ranks),
                "top1": round(top1.value, 4),
                "top1_interval": [round(x, 4) for x in top1.interval],
                "top3": round(top3.value, 4),
                "top3_interval": [round(x, 4) for x in top3.interval],
            }
        )
    return figures
