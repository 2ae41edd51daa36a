"""Chain of draft: steps as short as on a note pad."""

from dataclasses import replace
from typing import ClassVar

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.engines.engine import Engine, Request, Sampling
from reasoning.strategies.chain import Chain, ChainOfThought
from reasoning.strategies.own_words import follows_prompts
from reasoning.strategies.strategy import Budget, strategy

DRAFT_TOKENS = 32
"""Thinking tokens of a model that cannot be told to draft: about half of the demonstration model's short chain."""


@strategy("chain_of_draft", "Chain of draft")
class ChainOfDraft(Chain):
    """Think step by step, but keep only a minimum draft of each step.

    Source: Xu et al. 2025, arXiv 2502.18600 (arithmetic, common sense and symbols; not medicine). Cost: a few dozen thinking
    tokens and the answer. On the demonstration model, which knows no such task, it is `cot` closed after 32 thinking tokens,
    and says so. Events: those of one chain.
    """

    summary: ClassVar[str] = "Steps of a few words each, then the answer."
    source: ClassVar[str] = "Xu et al. 2025, arXiv 2502.18600"
    cost: ClassVar[str] = "a few dozen thinking tokens and the answer"

    def request(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, samples: int, sampling: Sampling) -> Request:
        """The request of a chain; on the demonstration model that of `cot` with little room to think."""
        if follows_prompts(engine.card):
            return super().request(case, knowledge, engine, budget, samples, sampling)
        request = ChainOfThought().request(case, knowledge, engine, budget, samples, sampling)
        thinking, *rest = request.phases
        short = min(thinking.maximum_tokens, DRAFT_TOKENS)
        return replace(request, phases=(replace(thinking, maximum_tokens=short, minimum_tokens=min(thinking.minimum_tokens, short)), *rest))

    def cautions(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, prompt: str) -> tuple[str, ...]:
        """As of any chain, and whether the model was really asked for a draft."""
        found = super().cautions(case, knowledge, engine, budget, prompt)
        return found if follows_prompts(engine.card) else (*found, _TASK_UNKNOWN)


_TASK_UNKNOWN = (
    "The demonstration model knows no task of drafting: this is its short chain of thought, closed after at most "
    f"{DRAFT_TOKENS} thinking tokens."
)
