"""Differentials as rows, and rows as differentials."""

from collections.abc import Iterable

from reasoning.differential import Differential, Hypothesis, Quotation, VoteShare
from storage.tables import DifferentialRow, EvidenceRow, HypothesisRow
from storage.values import Polarity


def to_rows(differential: Differential, run_id: str, sample_id: int | None) -> DifferentialRow:
    """The differential with its hypotheses and evidence, ready to be added to a session."""
    row = DifferentialRow(run_id=run_id, sample_id=sample_id, next_step=differential.next_step, hypotheses=[], evidence=[])
    for position, hypothesis in enumerate(differential.hypotheses):
        kept = _hypothesis_row(hypothesis, position)
        row.hypotheses.append(kept)
        row.evidence += _evidence_rows(hypothesis.supporting, Polarity.supporting, kept)
        row.evidence += _evidence_rows(hypothesis.refuting, Polarity.refuting, kept)
    row.evidence += _evidence_rows(differential.unexplained, Polarity.unexplained, None)
    return row


def from_rows(row: DifferentialRow) -> Differential:
    """The differential as it was; `row.hypotheses` and `row.evidence` must be loaded."""
    return Differential(
        hypotheses=tuple(_hypothesis(each, row.evidence) for each in row.hypotheses),
        unexplained=_quotations(row.evidence, None, Polarity.unexplained),
        next_step=row.next_step,
    )


def _hypothesis_row(hypothesis: Hypothesis, position: int) -> HypothesisRow:
    low, high = hypothesis.likelihood.band
    return HypothesisRow(
        position=position,
        rank=hypothesis.rank,
        diagnosis=hypothesis.diagnosis,
        status=hypothesis.status,
        likelihood=hypothesis.likelihood,
        likelihood_source=hypothesis.likelihood_source,
        band_low=low,
        band_high=high,
        votes=None if hypothesis.votes is None else hypothesis.votes.model_dump(),
        cannot_miss=hypothesis.cannot_miss,
        cannot_miss_source=hypothesis.cannot_miss_source,
        icd10=hypothesis.icd10,
        missing=list(hypothesis.missing),
        settling_test=hypothesis.settling_test,
    )


def _evidence_rows(quotations: Iterable[Quotation], polarity: Polarity, hypothesis: HypothesisRow | None) -> list[EvidenceRow]:
    return [
        EvidenceRow(
            hypothesis=hypothesis,
            polarity=polarity,
            quote=quotation.quote,
            start_char=quotation.start,
            end_char=quotation.end,
            match=quotation.match,
            verified=quotation.verified,
        )
        for quotation in quotations
    ]


def _hypothesis(row: HypothesisRow, evidence: list[EvidenceRow]) -> Hypothesis:
    return Hypothesis.model_validate(
        {
            "rank": row.rank,
            "diagnosis": row.diagnosis,
            "status": row.status,
            "likelihood": row.likelihood,
            "likelihood_source": row.likelihood_source,
            "votes": None if row.votes is None else VoteShare.model_validate(row.votes),
            "cannot_miss": row.cannot_miss,
            "cannot_miss_source": row.cannot_miss_source,
            "icd10": row.icd10,
            "supporting": _quotations(evidence, row.id, Polarity.supporting),
            "refuting": _quotations(evidence, row.id, Polarity.refuting),
            "missing": tuple(row.missing),
            "settling_test": row.settling_test,
        }
    )


def _quotations(evidence: list[EvidenceRow], hypothesis_id: int | None, polarity: Polarity) -> tuple[Quotation, ...]:
    return tuple(
        Quotation.model_validate({"quote": row.quote, "start": row.start_char, "end": row.end_char, "match": row.match})
        for row in evidence
        if row.hypothesis_id == hypothesis_id and row.polarity == polarity
    )
