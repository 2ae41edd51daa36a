"""The figures of the simple baselines on the same cases as a strategy, so that nobody reads one without the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cases.case import Case
from cases.generator import Split, generate_case, taught
from cases.knowledge import Knowledge, load_knowledge
from reasoning.evaluation.baselines import Ranking, fit_words, naive_bayes
from reasoning.evaluation.matching import condition_of
from reasoning.evaluation.metrics import within

WORD_MODEL_CASES = 8_000
PHRASES = "naive Bayes over matched phrases"
WORDS = "naive Bayes over words"
CEILING = "exact posterior of the generator"

Ranks = list[int | None]


def baseline_readers(word_cases: int = WORD_MODEL_CASES) -> dict[str, Callable[[str], Ranking]]:
    """Both baselines, taught with what the demonstration model was taught with: training phrasings, training cases."""
    known = taught(load_knowledge())
    words = fit_words(generate_case(seed, "train") for seed in range(word_cases))
    return {PHRASES: lambda text: naive_bayes(text, known), WORDS: words.rank}


def baseline_ranks(
    cases: Sequence[Case], readers: Mapping[str, Callable[[str], Ranking]], knowledge: Knowledge | None = None
) -> dict[str, Ranks]:
    """The rank of each gold diagnosis by baseline; None for one outside the knowledge base, and for one the baseline never met."""
    knowledge = knowledge or load_knowledge()
    golds = [condition_of(case.gold, knowledge) if case.gold else None for case in cases]
    return {
        name: [_place(gold.id, rank(case.text)) if gold else None for case, gold in zip(cases, golds, strict=True)]
        for name, rank in readers.items()
    }


def ceiling_ranks(cases: Sequence[Case], split: Split, knowledge: Knowledge | None = None) -> Ranks:
    """The rank of each truth in the posterior that the generator computes from what it wrote: about the best that a reader can do.

    Not strictly the best, since that posterior softens its evidence. Raises ValueError for a case that is not of this split.
    """
    knowledge = knowledge or load_knowledge()
    found: Ranks = []
    for case in cases:
        made, _, seed = case.id.partition("-")
        if made != split or not seed.isdecimal():
            raise ValueError(f"{case.id} is not a generated case of the split {split}")
        generated = generate_case(int(seed), split, knowledge)
        found.append(_place(generated.condition.id, sorted(generated.posterior.items(), key=lambda row: -row[1])))
    return found


def baseline_figures(
    cases: Sequence[Case], readers: Mapping[str, Callable[[str], Ranking]], knowledge: Knowledge | None = None
) -> list[dict[str, Any]]:
    """Top-1 and top-3 of each baseline with 95 % intervals. A gold diagnosis outside the knowledge base counts as wrong."""
    figures = []
    for name, ranks in baseline_ranks(cases, readers, knowledge).items():
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


def _place(wanted: str, ranking: Ranking) -> int | None:
    return next((place for place, (name, _) in enumerate(ranking, 1) if name == wanted), None)
