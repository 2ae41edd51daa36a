"""Budget forcing: thinking that is neither shorter nor longer than asked for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.engines.engine import Engine, Request, Sampling
from reasoning.strategies.chain import CHAINS, Chain
from reasoning.strategies.strategy import Budget, strategy, texts

Word = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^<>|]+$")]


@strategy("budget_forcing", "Budget forcing")
class BudgetForcing(Chain):
    """Close the thinking at a maximum; below a minimum take its end back and put a word such as "Wait" there instead.

    Source: s1, Muennighoff et al. 2025, arXiv 2501.19393; the cycle of words and the repetition guard are our own. Both limits
    hold exactly for each sample. `words` are used in turn, at most `times` altogether. Forcing ends early once `repetition` of
    what followed the last word had been said before (runs of four words). `maximum` is the budget's thinking limit when None,
    and never above it. Cost: between `minimum` and `maximum` thinking tokens, and the answer. Events: those of one chain, with
    `budget_forced` for each intervention. In medicine more "Wait" gave no gain (m1, arXiv 2504.00869).
    """

    family: ClassVar[str] = "controlled length"
    summary: ClassVar[str] = "One chain, held between a minimum and a maximum of thinking."
    source: ClassVar[str] = "s1, arXiv 2501.19393"
    cost: ClassVar[str] = "minimum to maximum thinking tokens, and the answer"

    minimum: int = Field(256, ge=1, le=32_768)
    maximum: int | None = Field(None, ge=16, le=32_768)
    times: int = Field(3, ge=0, le=16)
    words: Annotated[tuple[Word, ...], BeforeValidator(texts)] = Field(("Wait", "Hmm", "Alternatively"), min_length=1)
    repetition: float = Field(0.75, gt=0, le=1)
    inner: Literal["cot", "longstep", "longmonolog"] = "longmonolog"

    def request(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, samples: int, sampling: Sampling) -> Request:
        """The inner chain's request with its thinking phase held between the limits."""
        request = CHAINS[self.inner]().request(case, knowledge, engine, budget, samples, sampling)
        least, most = self.limits(budget)
        thinking = replace(
            request.phases[0],
            minimum_tokens=least,
            maximum_tokens=most,
            continue_times=self.times,
            continue_with=_on_new_lines(self.words),
            repetition_limit=self.repetition,
        )
        return replace(request, phases=(thinking, *request.phases[1:]))

    def limits(self, budget: Budget) -> tuple[int, int]:
        """Fewest and most thinking tokens of a sample; the budget's own limits hold above the parameters."""
        most = min(self.maximum or budget.thinking_tokens, budget.thinking_tokens)
        return min(max(self.minimum, budget.minimum_thinking_tokens), most), most

    def cautions(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, prompt: str) -> tuple[str, ...]:
        """Those of the inner chain, and what is known of forcing."""
        found = CHAINS[self.inner]().cautions(case, knowledge, engine, budget, prompt)
        least, most = self.limits(budget)
        if least < self.minimum:
            found = (*found, f"The thinking limit of {most} tokens is below the minimum of {self.minimum} asked for; the limit holds.")
        return (*found, "Published work in medicine saw no gain from forcing longer thinking, and some harm (arXiv 2504.00869).")


def _on_new_lines(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"\n{word}" for word in words)
