"""The ways to think that another strategy may build on."""

from typing import Literal

from reasoning.strategies.budget_forcing import BudgetForcing
from reasoning.strategies.chain import CHAINS, Chain
from reasoning.strategies.chain_of_draft import ChainOfDraft
from reasoning.strategies.thought_switching_penalty import ThoughtSwitchingPenalty

InnerName = Literal["vanilla", "cot", "longstep", "longmonolog", "chain_of_draft", "budget_forcing", "thought_switching_penalty"]

INNER: dict[str, type[Chain]] = {**CHAINS, **{cls.name: cls for cls in (ChainOfDraft, BudgetForcing, ThoughtSwitchingPenalty)}}
"""What may stand inside a vote or a revision, by name; each with its own defaults."""


def inner_chain(name: str) -> Chain:
    """The way to think of that name."""
    return INNER[name]()
