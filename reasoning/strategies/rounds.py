"""Several rounds on one case: what strategies that revise an answer have in common."""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from cases.case import Case
from cases.knowledge import Knowledge
from reasoning.answer import write_answer
from reasoning.conventions import spoken
from reasoning.differential import Differential
from reasoning.engines.engine import Engine, Request, Sampling
from reasoning.events import Asked, Concluded, Event, Failed, Finished, SampleFinished, Started, Usage
from reasoning.evidence import concerns
from reasoning.prompts import render
from reasoning.strategies.chain import CHAINS, answer_grammar, shortfalls, unreadable
from reasoning.strategies.own_words import follows_prompts
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy

_NO_ROOM = "The thinking limit left no room for what a later round should have been told: it thought without it. Raise the thinking limit."

InnerName = Literal["cot", "longstep", "longmonolog"]


@dataclass
class Rounds:
    """The rounds of one run so far. Each is one sample, with the inner chain's phases, limits and adapter.

    `over` is set once the run is cancelled, or the first answer cannot be read: then only `end` is left to do.
    """

    case: Case
    knowledge: Knowledge
    engine: Engine
    budget: Budget
    inner: InnerName
    samples: list[SampleFinished] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    cancelled: bool = False
    left_out: bool = False

    @property
    def prompted(self) -> bool:
        """Whether the model can be asked in words; otherwise sentences of its own kind are put into its thoughts."""
        return follows_prompts(self.engine.card)

    @property
    def over(self) -> bool:
        return self.cancelled or self.latest is None

    @property
    def latest(self) -> Differential | None:
        """The last answer that could be read."""
        return next((s.differential for s in reversed(self.samples) if s.differential is not None), None)

    def plain(self) -> Request:
        """The inner chain's own request."""
        sampling = Sampling(self.budget.temperature, self.budget.top_p)
        return CHAINS[self.inner]().request(self.case, self.knowledge, self.engine, self.budget, 1, sampling)

    def asking(self, prompt: str, **more: str) -> Request:
        """The same with another prompt, in which `more` fills the places."""
        request, card = self.plain(), self.engine.card
        return replace(request, messages=render(card.prompt_family, prompt, self.case, spoken(card, request.adapter), **more))

    def thinking_on(self, given: str) -> Request:
        """The same with thoughts to go on from: forced, counted in the thinking limit, and left out where they would fill half of it."""
        request = self.plain()
        thinking, *rest = request.phases
        if self.engine.count_tokens(given) > thinking.maximum_tokens // 2:
            self.left_out = True
            return request
        return replace(request, phases=(replace(thinking, given=given), *rest))

    def without(self, request: Request, diagnosis: str) -> Request:
        """The same with a diagnosis, by any of its known names, barred from the answer."""
        condition = self.knowledge.condition_named(diagnosis)
        names = (diagnosis, *((condition.name, *condition.synonyms) if condition else ()))
        grammar = answer_grammar(self.case, self.knowledge, self.engine.card, tuple(dict.fromkeys(names)))
        *before, answer = request.phases
        return replace(request, phases=(*before, replace(answer, grammar=grammar)))

    def started(self, chosen: Strategy, rounds: int, *warnings: str) -> Started:
        """The opening event of a run of `chosen`, which takes so many rounds at most."""
        opening = CHAINS[self.inner]().started(
            chosen, self.case, self.knowledge, self.engine, self.budget, self.plain(), warnings if not self.prompted else ()
        )
        return opening.model_copy(update={"samples": rounds})

    def ask(self, request: Request, role: str) -> Generator[Event, None, Differential | None]:
        """One round; its answer, or None when it cannot be read. Each has a random stream of its own."""
        number = len(self.samples)
        if number:
            prompt = self.engine.prompt_text(request.messages)
            yield Asked(sample=number, prompt=prompt, prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest())
        seeded = replace(request, seed=self.budget.seed + number)
        drawn = yield from draw(self.case, self.knowledge, self.engine, seeded, first=number, role=role)
        self.samples += drawn.samples
        self.usage += drawn.usage
        self.cancelled = drawn.cancelled
        return drawn.samples[0].differential

    def end(self, *warnings: str, result: Differential | None = None) -> Iterator[Event]:
        """The result, which is the last readable answer when none is given, and the end of the run."""
        result = result or self.latest
        if self.cancelled:
            yield Finished(usage=self.usage, cancelled=True)
        elif result is None:
            yield Failed(message=unreadable(tuple(self.samples)))
        else:
            last = self.samples[-1]
            told = () if last.differential else (f"Round {len(self.samples)} gave no readable answer; an earlier one is shown.",)
            room = (_NO_ROOM,) if self.left_out else ()
            short = shortfalls((last,)) if last.differential else ()
            yield Concluded(differential=result, warnings=(*warnings, *told, *room, *short, *concerns(result, self.case)))
            yield Finished(usage=self.usage)


def leader(differential: Differential) -> str:
    """The diagnosis on top."""
    return differential.hypotheses[0].diagnosis


def diagnoses(differential: Differential) -> list[str]:
    """All diagnoses in their order."""
    return [hypothesis.diagnosis for hypothesis in differential.hypotheses]


def written(differential: Differential) -> str:
    """A differential as the lines in which it is shown to the model again."""
    return write_answer(differential).strip()


def changed(before: str, after: Differential | None) -> tuple[str, ...]:
    """A sentence when a later round put another diagnosis on top."""
    return (f"The first answer had {before} on top; a later round put {leader(after)} there.",) if after and leader(after) != before else ()
