"""Quality: whether a record is fit to be learnt from, and if not, why (the first of the three filters of s1, arXiv 2501.19393)."""

import re
from collections.abc import Sequence

from cases.knowledge import Knowledge
from reasoning.differential import Differential, Quotation
from reasoning.evaluation.trace_quotations import trace_quotations
from reasoning.journey.agreement import concludes_rightly
from reasoning.journey.completion import CompletionError, read_completion
from reasoning.journey.record import JourneyRecord, case_sha256
from reasoning.journey.repetition import repeats_itself
from reasoning.locate import locate

VERBATIM_SHARE = 0.8
"""Least share of a trace's quotations that stand in the note. Not all: a trace may put words in quotes that are nobody's."""

FORM = "not in the form of its style"
CONCLUSION = "concludes with another diagnosis"
INVENTED = "quotes words in the answer that are not in the note"
CARELESS = "quotes words in the trace that are not in the note"
CIRCLES = "repeats itself"
TELLS = "speaks of its own instructions"
AGAIN = "the same case in the same style again"

_INSTRUCTIONS = re.compile(
    r"\bas (?:instructed|requested|asked)\b|\bthe (?:brief|summari[sz]ed|given|provided) thoughts\b|"
    r"\bthe thoughts (?:above|given|provided)\b|\bexpand(?:ing)? (?:on )?(?:the|these|my) (?:brief )?(?:thoughts|notes)\b|"
    r"\b(?:the|this|your) prompt\b|\bthe marker lines?\b|\bthe (?:gold|correct) answer is\b",
    re.IGNORECASE,
)
_CURLY = str.maketrans("“”", '""')


def fault(record: JourneyRecord, knowledge: Knowledge) -> str | None:
    """The first reason for which a record is unfit, judged from its completion alone; None for a sound one."""
    try:
        written = read_completion(record.style, record.completion)
    except CompletionError:
        return FORM
    if not concludes_rightly(record, written.conclusion, knowledge):
        return CONCLUSION
    if not all(quotation.quote in record.case for quotation in _quotations(written.differential)):
        return INVENTED
    said = trace_quotations(written.trace.translate(_CURLY))
    if sum(locate(quote, record.case).verified for quote in said) < VERBATIM_SHARE * len(said):
        return CARELESS
    if repeats_itself(written.trace):
        return CIRCLES
    return TELLS if _INSTRUCTIONS.search(written.trace) else None


def faults(records: Sequence[JourneyRecord], knowledge: Knowledge) -> list[str | None]:
    """The fault of each record; of several sound records of one case in one style the first is kept."""
    seen: set[tuple[str, str]] = set()
    found: list[str | None] = []
    for record in records:
        reason, key = fault(record, knowledge), (record.style.value, case_sha256(record))
        found.append(reason or (AGAIN if key in seen else None))
        if reason is None:
            seen.add(key)
    return found


def _quotations(differential: Differential) -> list[Quotation]:
    return [q for h in differential.hypotheses for q in (*h.supporting, *h.refuting)] + list(differential.unexplained)
