"""Whether a completion arrives at the diagnosis that is known to be right."""

from collections.abc import Sequence

from cases.knowledge import Knowledge
from reasoning.evaluation.matching import best_match
from reasoning.journey.record import JourneyRecord


def agrees(conclusion: str, gold: str, knowledge: Knowledge, synonyms: Sequence[str] = ()) -> bool:
    """Whether two names mean one disease, by the rungs of `reasoning.evaluation.matching`.

    Related names do not agree, nor does wording that no rung knows: a lost record costs less than a wrong one.
    """
    return best_match(conclusion, (gold, *synonyms), knowledge).verdict == "same"


def concludes_rightly(record: JourneyRecord, conclusion: str, knowledge: Knowledge) -> bool:
    """Whether a conclusion is the gold diagnosis of a record."""
    return agrees(conclusion, record.gold, knowledge, record.gold_synonyms)
