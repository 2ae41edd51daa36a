"""Counts ranked ballots and merges them into one differential."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cases.knowledge import Knowledge, load_knowledge
from cases.knowledge.knowledge import spelled_alike
from reasoning.answer import MAXIMUM_HYPOTHESES
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status, VoteShare
from reasoning.events import VoteRow
from reasoning.evidence import WORDS, same_quotation, weaker

MOST_EVIDENCE, MOST_MISSING = 4, 3


def tally(
    differentials: Sequence[Differential], knowledge: Knowledge | None = None, weights: Sequence[float] | None = None
) -> tuple[VoteRow, ...]:
    """Diagnoses by first-rank votes; ties by the sum of reciprocal ranks, then by who was named first.

    `score` is that sum over the number of ballots. Two names of one disease are one row. `weights`, one a ballot, make the
    share of all weights that a diagnosis' first votes hold come before their number.
    """
    knowledge = knowledge or load_knowledge()
    held = _weights_held(differentials, knowledge, weights) if weights is not None else {}
    rows = [
        VoteRow(
            diagnosis=group[0].diagnosis,
            first=sum(h.rank == 1 for h in group),
            listed=len(group),
            score=round(sum(1 / h.rank for h in group) / len(differentials), 6),
            weight=round(held.get(group[0].diagnosis, 0.0), 6) if weights is not None else None,
        )
        for group in _candidates(differentials, knowledge).values()
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.weight or 0.0), -row.first, -row.score)))


def merge(
    differentials: Sequence[Differential],
    samples: int | None = None,
    knowledge: Knowledge | None = None,
    weights: Sequence[float] | None = None,
) -> Differential:
    """One differential out of many ballots, in the order of the tally.

    The word of a diagnosis with first votes comes from its share of all samples, spoiled ones included, by Laplace's rule
    of succession, (first + 1) / (samples + 2): five of five is no certainty. Without a first vote it is the median of the
    samples' own words, at most "unlikely". Words never rise down the list. Weights decide the order only: the words stand for
    the plain count that is shown beside them.
    """
    knowledge = knowledge or load_knowledge()
    samples = samples or len(differentials)
    candidates = _candidates(differentials, knowledge)
    by_name = {group[0].diagnosis: group for group in candidates.values()}
    rows: list[Hypothesis] = []
    ceiling = Likelihood.very_likely
    for row in tally(differentials, knowledge, weights)[:MAXIMUM_HYPOTHESES]:
        group = by_name[row.diagnosis]
        share = (row.first + 1) / (samples + 2)
        own = sorted((h.likelihood for h in group), key=WORDS.index)[len(group) // 2]
        word = share_word(share) if row.first else weaker(own, Likelihood.unlikely)
        ceiling = weaker(ceiling, word)
        supporting, refuting = _sides(group)
        rows.append(
            group[0].model_copy(
                update={
                    "rank": len(rows) + 1,
                    "status": _status(group, len(rows) == 0, row.first),
                    "likelihood": ceiling,
                    "likelihood_source": "vote share" if row.first else "model's words",
                    "votes": VoteShare(first=row.first, listed=row.listed, samples=samples),
                    "cannot_miss": any(h.cannot_miss for h in group),
                    "supporting": supporting,
                    "refuting": refuting,
                    "missing": _common((item for h in group for item in h.missing), MOST_MISSING),
                }
            )
        )
    winner = rows[0].diagnosis
    agreeing = [d for d in differentials if d.hypotheses[0].diagnosis == winner] or list(differentials)
    return Differential(
        hypotheses=tuple(rows),
        unexplained=_unexplained(differentials),
        next_step=next(iter(_common((d.next_step for d in agreeing), 1)), ""),
    )


def share_word(share: float) -> Likelihood:
    """The likelihood word whose band holds a share of votes."""
    for word in WORDS[:-1]:
        if share * 100 >= word.band[0]:
            return word
    return Likelihood.very_unlikely


def _weights_held(differentials: Sequence[Differential], knowledge: Knowledge, weights: Sequence[float]) -> dict[str, float]:
    """The share of all weights that stands behind each diagnosis ranked first, under the name that the tally uses."""
    whole = sum(weights)
    held: dict[str, float] = {}
    for differential, weight in zip(differentials, weights, strict=True):
        first = next(name for name, h in _named(differential, knowledge) if h.rank == 1)
        held[first] = held.get(first, 0.0) + (weight / whole if whole else 1 / len(weights))
    names = {key: group[0].diagnosis for key, group in _candidates(differentials, knowledge).items()}
    return {names[key]: weight for key, weight in held.items()}


def _candidates(differentials: Sequence[Differential], knowledge: Knowledge) -> dict[str, list[Hypothesis]]:
    """One entry a disease, in order of first appearance: at most one hypothesis a ballot, its best-ranked."""
    found: dict[str, list[Hypothesis]] = {}
    for differential in differentials:
        for key, hypothesis in _named(differential, knowledge):
            found.setdefault(key, []).append(hypothesis)
    return found


def _named(differential: Differential, knowledge: Knowledge) -> Iterator[tuple[str, Hypothesis]]:
    """What identifies each disease of a ballot, and its best-ranked hypothesis under the knowledge base's name."""
    seen = set()
    for hypothesis in sorted(differential.hypotheses, key=lambda h: h.rank):
        condition = knowledge.condition_named(hypothesis.diagnosis)
        key = condition.id if condition else f"name:{spelled_alike(hypothesis.diagnosis) or hypothesis.diagnosis}"
        if key not in seen:
            seen.add(key)
            yield key, hypothesis.model_copy(update={"diagnosis": condition.name if condition else hypothesis.diagnosis})


def _status(group: Sequence[Hypothesis], on_top: bool, first: int) -> Status:
    if on_top:
        return Status.leading
    excluded = sum(h.status == Status.excluded for h in group)
    if excluded * 2 > len(group):
        return Status.excluded
    likely = sum(h.status in (Status.leading, Status.plausible) for h in group)
    return Status.plausible if first or likely * 2 >= len(group) else Status.unlikely


def _sides(group: Sequence[Hypothesis]) -> tuple[tuple[Quotation, ...], tuple[Quotation, ...]]:
    """Evidence for and against: each quotation on the side most samples put it, on both when they are split evenly."""
    pros, cons = _counted(q for h in group for q in h.supporting), _counted(q for h in group for q in h.refuting)

    def stays(here: int, quotation: Quotation, there: list[tuple[Quotation, int]]) -> bool:
        return here >= next((count for other, count in there if same_quotation(quotation, other)), 0)

    return (
        tuple(q for q, count in pros if stays(count, q, cons))[:MOST_EVIDENCE],
        tuple(q for q, count in cons if stays(count, q, pros))[:MOST_EVIDENCE],
    )


def _counted(quotations: Iterable[Quotation]) -> list[tuple[Quotation, int]]:
    """Distinct quotations with their frequency: verified before unverified, frequent before rare, else in order."""
    found: list[tuple[Quotation, int]] = []
    for quotation in quotations:
        place = next((i for i, (other, _) in enumerate(found) if same_quotation(quotation, other)), None)
        if place is None:
            found.append((quotation, 1))
        else:
            found[place] = (found[place][0], found[place][1] + 1)
    return sorted(found, key=lambda pair: (not pair[0].verified, -pair[1]))


def _unexplained(differentials: Sequence[Differential]) -> tuple[Quotation, ...]:
    """What at least half of the ballots leave unexplained."""
    counted = _counted(q for d in differentials for q in d.unexplained)
    return tuple(q for q, count in counted if count * 2 >= len(differentials))[:MOST_EVIDENCE]


def _common(items: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(item for item, _ in Counter(filter(None, items)).most_common(most))
