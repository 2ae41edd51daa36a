"""Thought-switching penalty: a line of thought is followed for a while before the next one is begun."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.engines.engine import Engine, LogitsPenalty, Request, Sampling
from reasoning.strategies.chain import CHAINS, Chain
from reasoning.strategies.strategy import Budget, strategy, texts

SWITCHES = ("Alternatively", "alternatively", "Wait", "wait", "Hmm", "hmm", "On second thought", "Another possibility")


@strategy("thought_switching_penalty", "Thought-switching penalty")
class ThoughtSwitchingPenalty(Chain):
    """Lower the logits of words that open another thought, for the first `duration` tokens of each thought.

    Source: TIP, Wang et al. 2025, arXiv 2501.18585; strength 3 and 600 tokens are its best setting, found on mathematics. A
    thought begins with the thinking, and anew wherever one of `words` is written all the same. Cost: one chain and the answer,
    no tokens more. Events: those of one chain. Needs an engine with logits; the scripted one changes nothing.
    """

    family: ClassVar[str] = "controlled length"
    summary: ClassVar[str] = "One chain that is kept from dropping a thought too early."
    source: ClassVar[str] = "TIP, arXiv 2501.18585"

    penalty: float = Field(3.0, gt=0, le=100)
    duration: int = Field(600, ge=1, le=32_768)
    words: Annotated[tuple[str, ...], BeforeValidator(texts)] = Field(SWITCHES, min_length=1)
    inner: Literal["cot", "longstep", "longmonolog"] = "longmonolog"

    def request(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, samples: int, sampling: Sampling) -> Request:
        """The inner chain's request with the penalty on its thinking phase."""
        request = CHAINS[self.inner]().request(case, knowledge, engine, budget, samples, sampling)
        thinking = replace(request.phases[0], penalties=(LogitsPenalty(self.words, self.penalty, self.duration),))
        return replace(request, phases=(thinking, *request.phases[1:]))

    def cautions(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, prompt: str) -> tuple[str, ...]:
        """Those of the inner chain."""
        return CHAINS[self.inner]().cautions(case, knowledge, engine, budget, prompt)
