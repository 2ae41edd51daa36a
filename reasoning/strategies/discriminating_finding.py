"""Discriminating finding: what would split the two leaders, and does the note say it?"""

import re
from collections.abc import Iterator
from typing import ClassVar, cast

from cases.case import Case
from cases.knowledge import load_knowledge
from reasoning.differential import Differential
from reasoning.engines.engine import Engine
from reasoning.events import Event, FindingAsked
from reasoning.evidence import locate
from reasoning.strategies.own_words import doubt, first_thought
from reasoning.strategies.rounds import InnerName, Rounds, changed, diagnoses, leader
from reasoning.strategies.splitting import Said, Split, splits
from reasoning.strategies.strategy import Budget, Strategy, strategy

LEAST_BITS = 0.02
"""Information below which a finding splits nothing."""

_LINE = re.compile(r"^Finding: (?P<finding>[^|\n]{2,120}?) \| (?P<said>stated|denied|not stated)(?: \| \"(?P<words>[^\"\n]+)\")?\s*$", re.M)
_IN_OWN_WORDS = (
    "The demonstration model cannot be asked for a finding: the knowledge base named the one that splits its two leaders best, "
    "and the phrases it recognises in the note said whether it is there."
)


@strategy("discriminating_finding", "Discriminating finding")
class DiscriminatingFinding(Strategy):
    """Ask which finding would split the two leading diagnoses and what the note says of it, then answer again.

    Source: our own, after the hypothetico-deductive method (Elstein et al. 1978). A general model names the finding and looks
    for it in one round. For the demonstration model the finding is computed: the one of most information between the two by
    the knowledge base, of those the note speaks of if it is silent on that one; what it says is put into the model's thoughts,
    and where the note speaks of none, the first answer stands. Cost: twice the inner chain. Events: one sample a round,
    `finding_asked` with what the note says and who says so.
    """

    family: ClassVar[str] = "revised"
    summary: ClassVar[str] = "Asks which finding would split the two leaders, then answers again."
    source: ClassVar[str] = "our own, after Elstein et al. 1978"
    cost: ClassVar[str] = "2 × the inner chain"

    inner: InnerName = "cot"

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """First answer, finding, second answer."""
        run = Rounds(case, load_knowledge(), engine, budget, self.inner)
        yield run.started(self, 2, _IN_OWN_WORDS)
        first = yield from run.ask(run.plain(), "first answer")
        if first is None or run.over or len(first.hypotheses) < 2:
            yield from run.end()
        elif run.prompted:
            one, other = diagnoses(first)[:2]
            again = yield from run.ask(run.asking("discriminating_finding", first=one, second=other), "second answer")
            if (asked := _named(run.samples[-1].trace.text, one, other, case)) is not None:
                yield asked
            yield from run.end(*_sentence(asked), *changed(one, again))
        else:
            yield from self._computed(run, first)

    def _computed(self, run: Rounds, first: Differential) -> Iterator[Event]:
        one, other = diagnoses(first)[:2]
        found = [split for split in splits(run.case.text, one, other, run.knowledge) if split.bits >= LEAST_BITS]
        known = [split for split in found if split.favours]
        if not found:
            yield from run.end(f"The knowledge base has no finding that splits {one} and {other}: the first answer stands.")
            return
        best = _event(found[0], one, other, run.case)
        yield best
        if not known:
            yield from run.end(*_sentence(best), "The note speaks of no finding that splits the two: the first answer stands.")
            return
        told = known[0]
        asked = best if told is found[0] else _event(told, one, other, run.case)
        if asked is not best:
            yield asked
        better = told.favours or one
        doubted = other if better == leader(first) else one
        # The favoured one is not moved up: what the model is given is its own list, and the finding against the other.
        thoughts = first_thought(self.inner, diagnoses(first)) + doubt(self.inner, doubted, better, told.words())
        again = yield from run.ask(run.thinking_on(thoughts), "second answer")
        silent = _sentence(best) if asked is not best else ()
        yield from run.end(*silent, *_sentence(asked), *changed(one, again))


def _event(split: Split, one: str, other: str, case: Case) -> FindingAsked:
    words = locate(case.text[split.start : split.end], case.text) if split.said != "not stated" else None
    return FindingAsked(
        first=one, second=other, finding=split.name, note=split.said, words=words, favours=split.favours, source="knowledge base"
    )


def _named(trace: str, one: str, other: str, case: Case) -> FindingAsked | None:
    """The finding that the model wrote down in the line it was asked for; its quotation is looked up in the note."""
    line = _LINE.search(trace)
    if line is None:
        return None
    words = locate(line["words"], case.text) if line["words"] and line["said"] != "not stated" else None
    return FindingAsked(
        first=one, second=other, finding=line["finding"].strip(), note=cast(Said, line["said"]), words=words, source="model"
    )


def _sentence(asked: FindingAsked | None) -> tuple[str, ...]:
    if asked is None:
        return ("The model did not name the finding in the line it was asked for; its reasoning may hold it.",)
    says = {"stated": "the note states it", "denied": "the note denies it", "not stated": "the note does not say"}[asked.note]
    lost = " (its quotation was not found in the note)" if asked.words is not None and not asked.words.verified else ""
    speaks = f", which speaks for {asked.favours}" if asked.favours else ""
    by = "by the knowledge base" if asked.source == "knowledge base" else "by the model"
    return (f"Splits {asked.first} and {asked.second} ({by}): {asked.finding}; {says}{speaks}{lost}.",)
