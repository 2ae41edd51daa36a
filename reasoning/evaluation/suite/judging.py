"""What an answer is worth against what is known of its item."""

from collections.abc import Sequence
from dataclasses import dataclass

from cases.benchmarks import BenchmarkItem, Evidence
from cases.knowledge import Knowledge
from reasoning.differential import Differential, Quotation
from reasoning.evaluation.evidence_overlap import evidence_overlap
from reasoning.evaluation.matching import best_match
from reasoning.evaluation.metrics import Share
from reasoning.evaluation.ranking import listed_of, pooled, rank_of, wanted_of
from reasoning.evaluation.suite.record import EvidenceCounts, Kind, Truth


def truth_of(item: BenchmarkItem, kind: Kind) -> Truth:
    """What is right of an item that is asked in this way."""
    return Truth(
        kind=kind,
        diagnosis=item.diagnosis,
        synonyms=item.synonyms,
        acceptable=item.acceptable,
        cannot_miss=item.cannot_miss,
        question=item.question,
        options=item.options or (),
        answer=item.answer,
    )


def rank_in(differential: Differential | None, truth: Truth, knowledge: Knowledge) -> int | None:
    """The place of the right diagnosis, or of the first that is in the experts' differential; None when nothing right is listed."""
    if differential is None or truth.kind == "options":
        return None
    listed = _listed(differential)
    if truth.kind == "diagnosis" and truth.diagnosis is not None:
        return rank_of(listed, (truth.diagnosis, *truth.synonyms), knowledge)
    places = (rank_of(listed, (name,), knowledge) for name in truth.acceptable)
    return min((place for place in places if place is not None), default=None)


@dataclass(frozen=True)
class Listing:
    """A differential against lists: evidence met, dangers listed, experts' diagnoses listed, and how many of the listed are theirs."""

    evidence: EvidenceCounts | None = None
    cannot_miss: Share | None = None
    experts_listed: Share | None = None
    listed_by_experts: Share | None = None


def judge(differential: Differential | None, item: BenchmarkItem, kind: Kind, rank: int | None, knowledge: Knowledge) -> Listing:
    """The measures that need a differential and an annotation; each is None where the item has no such annotation."""
    if kind == "options":
        return Listing()
    listed = _listed(differential) if differential else []
    experts = item.acceptable if kind == "differential" else ()
    return Listing(
        evidence=_evidence(differential, item, kind, rank, knowledge) if item.evidence and differential else None,
        cannot_miss=listed_of(listed, item.cannot_miss, knowledge) if item.cannot_miss else None,
        experts_listed=listed_of(listed, experts, knowledge) if experts else None,
        listed_by_experts=wanted_of(listed, experts, knowledge) if experts else None,
    )


def _listed(differential: Differential) -> list[str]:
    return [hypothesis.diagnosis for hypothesis in differential.hypotheses]


def _evidence(differential: Differential, item: BenchmarkItem, kind: Kind, rank: int | None, knowledge: Knowledge) -> EvidenceCounts | None:
    """Overlap for every listed diagnosis that is right; None when none is listed, for then there is nothing to compare."""
    found = []
    for hypothesis in differential.hypotheses:
        if kind == "diagnosis":
            annotated: Sequence[Evidence] = item.evidence if hypothesis.rank == rank else ()
        else:
            annotated = [row for row in item.evidence if _means(hypothesis.diagnosis, row.diagnosis, knowledge)]
        if annotated:
            found.append(evidence_overlap(item.text, _verified(hypothesis.supporting), annotated))
    if not found:
        return None
    return EvidenceCounts(
        precision=pooled(row.precision for row in found),
        recall=pooled(row.recall for row in found),
        word_precision=pooled(row.word_precision for row in found),
        word_recall=pooled(row.word_recall for row in found),
    )


def _means(said: str, name: str | None, knowledge: Knowledge) -> bool:
    return name is not None and best_match(said, (name,), knowledge).verdict == "same"


def _verified(quotations: Sequence[Quotation]) -> list[Quotation]:
    """A quotation that is not in the note supports nothing and is counted elsewhere: see `Record.quotations`."""
    return [quotation for quotation in quotations if quotation.verified]
