"""Everything that was found, as one document: summary.json, and what the Markdown and the HTML report are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning.evaluation.metrics import Share, mean_reciprocal_rank
from reasoning.evaluation.ranking import recall_at
from reasoning.evaluation.report.figures import arm_figures, share
from reasoning.evaluation.report.pairs import compare_arms
from reasoning.evaluation.report.scaling import curve_points, scaling_figures
from reasoning.evaluation.report.votes import votes_curve
from reasoning.evaluation.suite.folder import Kept
from reasoning.evaluation.suite.record import Record
from reasoning.evaluation.tokens import NOT_STATED, tokens_by_difficulty

FORMAT = 1


def summarise(kept: Kept) -> dict[str, Any]:
    """The figures of all that the folder holds, complete or not; plain data, ready for JSON."""
    by_arm = _by_arm(kept)
    named = {label: rows for label, rows in by_arm.items() if rows and rows[0].exactly is None}
    plan = kept.plan.model_dump(mode="json")
    records = [record for rows in by_arm.values() for record in rows]
    return {
        "format": FORMAT,
        "started": kept.started,
        "plan": plan,
        "model": kept.card.model_dump(mode="json") if kept.card else None,
        "complete": len(records) == len(plan["arms"]) * plan["items"],
        "records": len(records),
        "wanted": len(plan["arms"]) * plan["items"],
        "left_out": list(kept.left_out),
        "kinds": _kinds(records),
        "arms": [
            {**_about(arm, by_arm[arm["label"]]), **arm_figures(by_arm[arm["label"]])} for arm in plan["arms"] if by_arm[arm["label"]]
        ],
        "baselines": _baselines(kept.baselines),
        "comparisons": compare_arms(named),
        "curve": curve_points(by_arm),
        "scaling": scaling_figures(by_arm),
        "votes": [{"arm": label, **curve} for label, rows in named.items() if (curve := votes_curve(rows)) is not None],
        "difficulty": _difficulty(named),
        "failures": sorted({record.failure for record in records if record.failure}),
    }


def _by_arm(kept: Kept) -> dict[str, list[Record]]:
    rows: dict[str, list[Record]] = {arm["label"]: [] for arm in kept.plan.arms}
    for record in kept.records:
        rows[record.arm].append(record)
    return rows


def _about(arm: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    first = records[0]
    return {
        "label": arm["label"],
        "title": arm["title"],
        "strategy": arm["strategy"],
        "parameters": arm["parameters"],
        "budget": arm["budget"],
        "exactly": arm["exactly"],
        "samples": len(first.samples),
        "tuned": first.tuned,
        "adapter": first.adapter,
        "way": sorted({record.way for record in records}),
    }


def _kinds(records: Sequence[Record]) -> dict[str, int]:
    """How many items were asked as what."""
    cases = {record.case: record.truth.kind for record in records}
    kinds = list(cases.values())
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def _baselines(ranks: Mapping[str, Mapping[str, int | None]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "n": len(rows),
            "recall": {str(depth): share(found) for depth, found in recall_at(list(rows.values())).items()},
            "mean_reciprocal_rank": mean_reciprocal_rank(list(rows.values())),
        }
        for name, rows in ranks.items()
    ]


def _difficulty(records: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Thinking tokens and right answers of each arm by difficulty: the data set's own, else by how many arms answer a case rightly."""
    stated = any(record.difficulty for rows in records.values() for record in rows)
    solved: dict[str, list[bool]] = {}
    for rows in records.values():
        for record in rows:
            solved.setdefault(record.case, []).append(record.right)

    def band(record: Record) -> str | None:
        if stated:
            return record.difficulty
        rights = solved[record.case]
        return "right by all" if all(rights) else "right by some" if any(rights) else "right by none"

    return {
        "by": "as the data set states it" if stated else "by how many of the strategies are right",
        "arms": [
            {
                "arm": label,
                "bands": {
                    name: {"n": row.n, "mean": row.mean, "median": row.median, "right": _right_in(rows, name, band)}
                    for name, row in tokens_by_difficulty((band(r), r.usage.thinking_tokens) for r in rows).items()
                },
            }
            for label, rows in records.items()
        ],
    }


def _right_in(rows: Sequence[Record], name: str, band: Any) -> dict[str, Any] | None:
    inside = [record.right for record in rows if (band(record) or NOT_STATED) == name]
    return share(Share(sum(inside), len(inside)))
