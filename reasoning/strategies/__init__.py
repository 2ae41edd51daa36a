"""How tokens are spent: each strategy takes a case, an engine and a budget, and yields events."""

from reasoning.strategies.adaptive_vote import AdaptiveVote
from reasoning.strategies.budget_forcing import BudgetForcing
from reasoning.strategies.chain import CHAINS, Chain, ChainOfThought, LongMonolog, LongStep, Vanilla
from reasoning.strategies.chain_of_draft import ChainOfDraft
from reasoning.strategies.challenger import Challenger
from reasoning.strategies.discriminating_finding import DiscriminatingFinding
from reasoning.strategies.inner import INNER
from reasoning.strategies.multi_temperature import MultiTemperature
from reasoning.strategies.running import run_strategy
from reasoning.strategies.strategy import FAMILIES, Budget, Strategy, StrategyError, build, kind, names, rebuild
from reasoning.strategies.think_twice import ThinkTwice
from reasoning.strategies.thought_switching_penalty import ThoughtSwitchingPenalty
from reasoning.strategies.vote import MajorityVote
from reasoning.strategies.weighted_vote import WeightedVote

__all__ = [
    "CHAINS",
    "FAMILIES",
    "INNER",
    "AdaptiveVote",
    "Budget",
    "BudgetForcing",
    "Chain",
    "ChainOfDraft",
    "ChainOfThought",
    "Challenger",
    "DiscriminatingFinding",
    "LongMonolog",
    "LongStep",
    "MajorityVote",
    "MultiTemperature",
    "Strategy",
    "StrategyError",
    "ThinkTwice",
    "ThoughtSwitchingPenalty",
    "Vanilla",
    "WeightedVote",
    "build",
    "kind",
    "names",
    "rebuild",
    "run_strategy",
]
