"""How tokens are spent: each strategy takes a case, an engine and a budget, and yields events."""

from reasoning.strategies.chain import CHAINS, Chain, ChainOfThought, LongMonolog, LongStep, Vanilla
from reasoning.strategies.running import run_strategy
from reasoning.strategies.strategy import Budget, Strategy, StrategyError, build, names, rebuild
from reasoning.strategies.vote import MajorityVote

__all__ = [
    "CHAINS",
    "Budget",
    "Chain",
    "ChainOfThought",
    "LongMonolog",
    "LongStep",
    "MajorityVote",
    "Strategy",
    "StrategyError",
    "Vanilla",
    "build",
    "names",
    "rebuild",
    "run_strategy",
]
