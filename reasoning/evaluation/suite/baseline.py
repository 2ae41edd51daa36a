"""The simple baselines on the items of a plan, kept beside its records."""

from pathlib import Path

from reasoning.evaluation.compare import CEILING, baseline_ranks, baseline_readers, ceiling_ranks
from reasoning.evaluation.suite.errors import SuiteError
from reasoning.evaluation.suite.folder import keep_baselines, read_folder
from reasoning.evaluation.suite.plan import Prepared


def measure_baselines(folder: Path, prepared: Prepared) -> None:
    """Rank the items by each baseline unless the folder has them. Raises SuiteError when no item names its diagnosis."""
    if read_folder(folder).baselines:
        return
    cases = [item.to_case() for item, kind in prepared.items if kind == "diagnosis"]
    if not cases:
        raise SuiteError("The baselines name diagnoses, and no item asks for one: leave --baseline out.")
    ranks = baseline_ranks(cases, baseline_readers())
    if prepared.plan.dataset == "generated:heldout":
        ranks[CEILING] = ceiling_ranks(cases, "heldout")
    elif prepared.plan.dataset == "generated:train":
        ranks[CEILING] = ceiling_ranks(cases, "train")
    keep_baselines(folder, {name: {case.id: rank for case, rank in zip(cases, found, strict=True)} for name, found in ranks.items()})
