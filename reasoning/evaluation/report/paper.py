"""Table 1 of O1 Replication Journey Part 3 (Huang et al. 2025, arXiv 2501.06458): published figures, none of them measured here.

Accuracy in percent and mean output tokens on JAMA Clinical Challenge (646), Medbullets (308) and MedQA (1,273); the mean is weighted by
items. Values are as printed: two means do not follow from their row (Llama3.1-70B CoT, printed 73.59, computed 73.32; InternLM2.5-7B
CoT, printed 42.47, computed 42.74).
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

SOURCE = "Huang et al. 2025, O1 Replication Journey Part 3, arXiv 2501.06458, Table 1"
SETS = {"jama": "JAMA", "medbullets": "Medbullets", "medqa": "MedQA"}
METHODS = {
    "vanilla": "vanilla",
    "cot": "CoT",
    "cot_sft": "CoT, fine-tuned",
    "longstep": "LongStep, fine-tuned",
    "longmonolog": "LongMonolog, fine-tuned",
}


@dataclass(frozen=True)
class PublishedRow:
    """One model and method: accuracy in percent and tokens by data set; None where nothing is printed."""

    model: str
    method: str
    mean: float
    accuracy: dict[str, float]
    tokens: dict[str, int | None]


@lru_cache(maxsize=1)
def published() -> tuple[PublishedRow, ...]:
    """All 26 rows, in printed order."""
    text = resources.files("reasoning.evaluation").joinpath("paper_table1.csv").read_text("utf-8")
    return tuple(
        PublishedRow(
            model=row["model"],
            method=METHODS[row["method"]],
            mean=float(row["mean_accuracy"]),
            accuracy={name: float(row[f"{name}_accuracy"]) for name in SETS},
            tokens={name: int(row[f"{name}_tokens"]) if row[f"{name}_tokens"] else None for name in SETS},
        )
        for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    )


def column_of(dataset: str) -> str | None:
    """The column of the table that a data set belongs in: medqa for medqa-5; None for sets that the paper did not use."""
    name = dataset.partition("-")[0]
    return name if name in SETS else None
