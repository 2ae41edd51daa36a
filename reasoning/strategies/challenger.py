"""Challenger: somebody has to argue against the leader before it stands."""

from collections.abc import Iterator
from typing import ClassVar

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.differential import Differential
from reasoning.engines.engine import Engine, Request
from reasoning.events import Event
from reasoning.strategies.own_words import doubt, first_thought
from reasoning.strategies.rounds import InnerName, Rounds, changed, diagnoses, leader, written
from reasoning.strategies.splitting import most_telling
from reasoning.strategies.strategy import Budget, Strategy, strategy

_IN_OWN_WORDS = (
    "The demonstration model cannot be asked to argue: the second round barred its leading diagnosis from the answer; for the "
    "third, both candidates and the finding that speaks most for the challenger, by the knowledge base and the phrases it "
    "recognises in the note, were put at the head of its thoughts."
)
_NOT_BARRED = "This engine does not hold to the answer grammar: the second round named the leading diagnosis all the same."


@strategy("challenger", "Challenger")
class Challenger(Strategy):
    """A second round argues against the leading diagnosis, a third weighs the argument and answers.

    Source: our own; its kin are debate (Du et al. 2023, arXiv 2305.14325) and the consider-the-opposite remedy against anchoring
    (Lord et al. 1984). The leader is barred from the second answer by the grammar, under all names the knowledge base has for
    it. Cost: three times the inner chain; the third prompt holds the first answer and the argument. Events: one sample a round,
    `asked` before the second and third. On the demonstration model see `own_words`; its warnings say what was done.
    """

    family: ClassVar[str] = "revised"
    summary: ClassVar[str] = "A second pass argues against the leader; a third decides."
    source: ClassVar[str] = "our own; compare arXiv 2305.14325"
    cost: ClassVar[str] = "3 × the inner chain"

    inner: InnerName = "cot"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """First answer, argument, verdict."""
        run = Rounds(case, load_knowledge(), engine, budget, self.inner)
        yield run.started(self, 3, _IN_OWN_WORDS)
        first = yield from run.ask(run.plain(), "first answer")
        if first is None or run.over:
            yield from run.end()
            return
        against = run.asking("challenger_argument", first=leader(first)) if run.prompted else run.plain()
        other = yield from run.ask(run.without(against, leader(first)), "against the leader")
        rival = next((name for name in diagnoses(other) if name != leader(first)), None) if other else None
        if other is None or rival is None or run.cancelled:
            yield from run.end(result=first)
            return
        final = yield from run.ask(self._verdict(run, first, other, rival), "verdict")
        deaf = (_NOT_BARRED,) if leader(other) == leader(first) else ()
        # An unreadable verdict leaves the first answer standing: the second was told whom to leave out.
        yield from run.end(*deaf, *changed(leader(first), final), result=final or first)

    def _verdict(self, run: Rounds, first: Differential, other: Differential, rival: str) -> Request:
        if run.prompted:
            argument = f"{run.samples[-1].trace.text.strip()}\n\n{written(other)}"
            return run.asking("challenger_verdict", previous=written(first), argument=argument)
        candidates = list(dict.fromkeys([leader(first), rival, *diagnoses(first)]))
        thoughts = first_thought(self.inner, candidates)
        split = most_telling(run.case.text, rival, leader(first), run.knowledge)
        return run.thinking_on(thoughts + (doubt(self.inner, leader(first), rival, split.words()) if split else ""))
