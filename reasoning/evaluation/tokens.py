"""What the answers cost: tokens by difficulty, and for each right answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

NOT_STATED = "not stated"
_EASY_TO_HARD = ("easy", "medium", "hard", "right by all", "right by some", "right by none")


@dataclass(frozen=True)
class TokenFigures:
    n: int
    mean: float
    median: float
    most: int


def tokens_by_difficulty(cases: Iterable[tuple[str | None, int]]) -> dict[str, TokenFigures]:
    """Tokens a case from (difficulty, tokens): easy, medium, hard, then other words by name, then the cases without one."""
    groups: dict[str, list[int]] = {}
    for difficulty, tokens in cases:
        groups.setdefault(difficulty or NOT_STATED, []).append(tokens)

    def place(name: str) -> tuple[int, str]:
        known = _EASY_TO_HARD.index(name) if name in _EASY_TO_HARD else len(_EASY_TO_HARD)
        return (known + (name == NOT_STATED), name)

    return {
        name: TokenFigures(len(rows), fmean(rows), median(rows), max(rows)) for name in sorted(groups, key=place) for rows in [groups[name]]
    }


def tokens_per_correct(tokens: Sequence[int], right: Sequence[bool]) -> float | None:
    """All tokens, those of wrong answers too, for each right answer; None when none is right. Raises ValueError on unequal lengths."""
    pairs = list(zip(tokens, right, strict=True))
    correct = sum(good for _, good in pairs)
    return sum(spent for spent, _ in pairs) / correct if correct else None
