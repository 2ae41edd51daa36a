"""Think twice: the model is shown its answer and answers again."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.engines.engine import Engine
from reasoning.events import Event
from reasoning.strategies.own_words import first_thought
from reasoning.strategies.rounds import InnerName, Rounds, changed, diagnoses, leader, written
from reasoning.strategies.strategy import Budget, Strategy, strategy

_IN_OWN_WORDS = (
    "The demonstration model cannot be asked to answer again: in later rounds its own list of diagnoses was put at the head of "
    "its thoughts, in a sentence of the kind it was trained on, and it thought on from there."
)


@strategy("think_twice", "Think twice")
class ThinkTwice(Strategy):
    """Show the model its previous answer, without the reasoning, and let it answer again; `rounds` answers altogether.

    Source: Tian et al. 2025, arXiv 2503.19855. The prompt is our own: it calls the answer a draft that may be wrong. Cost:
    `rounds` times the inner chain and the note, and the answer again in each later prompt. Events: one sample a round, `asked`
    before each later one. The last readable answer is the result.
    """

    family: ClassVar[str] = "revised"
    summary: ClassVar[str] = "The model sees its answer and answers again."
    source: ClassVar[str] = "Tian et al. 2025, arXiv 2503.19855"
    cost: ClassVar[str] = "rounds × the inner chain"

    rounds: int = Field(2, ge=2, le=8)
    inner: InnerName = "cot"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """Round after round."""
        run = Rounds(case, load_knowledge(), engine, budget, self.inner)
        yield run.started(self, self.rounds, _IN_OWN_WORDS)
        first = yield from run.ask(run.plain(), "first answer")
        for number in range(2, self.rounds + 1):
            if run.over or run.latest is None:
                break
            if run.prompted:
                again = run.asking("think_twice", previous=written(run.latest))
            else:
                again = run.thinking_on(first_thought(self.inner, diagnoses(run.latest)))
            yield from run.ask(again, f"answer {number}")
        yield from run.end(*(changed(leader(first), run.latest) if first else ()))
