"""What a perfect reader would conclude from a generated case: hypotheses, their words, and the evidence for and against."""

import math
from dataclasses import dataclass
from functools import lru_cache

from cases.generator import PREVALENCE_FLATTENING, GeneratedCase, probability
from cases.knowledge import Condition, Knowledge
from cases.note import Stated
from reasoning.differential import Differential, Hypothesis, Likelihood, Quotation, Status

SUPPORT, OPPOSE_DENIED, OPPOSE_PRESENT = 0.5, -0.3, -0.6
"""Log-likelihood ratios against the average condition beyond which a finding counts as evidence.

Something present that a disease merely does not explain is no argument against it; it must be usual elsewhere.
"""


@dataclass(frozen=True)
class Weighed:
    """One hypothesis with the stated findings that speak for it (strongest first), against it, and what is not stated."""

    condition: Condition
    posterior: float
    likelihood: Likelihood
    status: Status
    supporting: tuple[Stated, ...]
    refuting: tuple[Stated, ...]
    missing: tuple[str, ...]


def likelihood_word(p: float) -> Likelihood:
    """The word for a posterior probability; the cuts lie where the bands meet."""
    for word, floor in ((Likelihood.very_likely, 0.8), (Likelihood.likely, 0.55), (Likelihood.possible, 0.25), (Likelihood.unlikely, 0.06)):
        if p >= floor:
            return word
    return Likelihood.very_unlikely


@lru_cache(maxsize=4)
def _average(knowledge: Knowledge) -> dict[str, float]:
    weights = {c.id: c.prevalence.weight**PREVALENCE_FLATTENING for c in knowledge.conditions.values()}
    total = sum(weights.values())
    return {f: sum(weights[c.id] * probability(knowledge, c, f) for c in knowledge.conditions.values()) / total for f in knowledge.findings}


def weight_of_evidence(knowledge: Knowledge, condition: Condition, finding: str, present: bool) -> float:
    """log P(finding state | condition) minus its log average over conditions: positive speaks for, negative against."""
    p, mean = probability(knowledge, condition, finding), _average(knowledge)[finding]
    return math.log(p / mean) if present else math.log((1 - p) / (1 - mean))


def weigh(knowledge: Knowledge, case: GeneratedCase) -> tuple[Weighed, ...]:
    """Three to six hypotheses in order of posterior, a can't-miss mimic of the leading one among them."""
    ranked = sorted(case.posterior, key=lambda name: -case.posterior[name])
    count = min(5, max(3, sum(case.posterior[name] > 0.04 for name in ranked)))
    listed = ranked[:count]
    if not any(knowledge.conditions[name].cannot_miss for name in listed):
        mimics = [m for m in knowledge.conditions[listed[0]].mimics if knowledge.conditions[m].cannot_miss and m not in listed]
        if mimics:
            listed.append(max(mimics, key=lambda name: case.posterior[name]))
    stated = {row.finding for row in case.stated}
    rows = []
    for place, name in enumerate(listed):
        condition, p = knowledge.conditions[name], case.posterior[name]
        weights = sorted(
            ((weight_of_evidence(knowledge, condition, s.finding, s.present), s) for s in case.stated), key=lambda pair: -pair[0]
        )
        supporting = tuple(s for w, s in weights if w > SUPPORT)[:3]
        refuting = tuple(s for w, s in reversed(weights) if w < (OPPOSE_PRESENT if s.present else OPPOSE_DENIED))[:2]
        expected = sorted(
            (f for f, q in condition.findings.items() if q >= 0.3 and f not in stated),
            key=lambda f: -weight_of_evidence(knowledge, condition, f, True),
        )
        excluded = any(s.present and s.finding in condition.excluding for s in case.stated)
        status = Status.leading if place == 0 else Status.excluded if excluded else Status.plausible if p >= 0.1 else Status.unlikely
        rows.append(
            Weighed(condition, p, likelihood_word(p), status, supporting, refuting, tuple(knowledge.findings[f].name for f in expected[:2]))
        )
    return tuple(rows)


def unexplained(knowledge: Knowledge, case: GeneratedCase, rows: tuple[Weighed, ...]) -> tuple[Stated, ...]:
    """Findings present that no listed hypothesis expects more than the average condition does; two at most."""
    return tuple(
        s for s in case.stated if s.present and all(weight_of_evidence(knowledge, row.condition, s.finding, True) <= 0.1 for row in rows)
    )[:2]


def differential(knowledge: Knowledge, case: GeneratedCase, rows: tuple[Weighed, ...]) -> Differential:
    """The differential of a generated case, every quotation with its true offsets."""

    def quote(row: Stated) -> Quotation:
        return Quotation(quote=case.case.text[row.start : row.end], start=row.start, end=row.end, match="exact")

    return Differential(
        hypotheses=tuple(
            Hypothesis(
                rank=i + 1,
                diagnosis=row.condition.name,
                status=row.status,
                likelihood=row.likelihood,
                cannot_miss=row.condition.cannot_miss,
                cannot_miss_source="knowledge",
                icd10=row.condition.icd10,
                supporting=tuple(map(quote, row.supporting)),
                refuting=tuple(map(quote, row.refuting)),
                missing=row.missing,
                settling_test=row.condition.settling_test,
            )
            for i, row in enumerate(rows)
        ),
        unexplained=tuple(map(quote, unexplained(knowledge, case, rows))),
        next_step=rows[0].condition.settling_step,
    )
