"""Strategies of a single chain: a direct answer, a short chain of thought, LongStep and LongMonolog."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from cases.case import Case
from cases.knowledge import Knowledge, load_knowledge
from reasoning.answer_grammar import AnswerGrammar
from reasoning.conventions import spoken
from reasoning.engines.engine import Engine, ModelCard, Phase, Request, Sampling
from reasoning.events import Concluded, Event, Failed, Finished, SampleFinished, Started
from reasoning.evidence import concerns
from reasoning.prompts import render
from reasoning.scope import scope_warning
from reasoning.small_model import lost_by_reasoning
from reasoning.strategies.sampling import draw
from reasoning.strategies.strategy import Budget, Strategy, strategy


class Chain(Strategy):
    """One line of reasoning and one answer, greedy unless the budget's temperature says otherwise."""

    family: ClassVar[str] = "one chain"
    cost: ClassVar[str] = "one chain of thoughts and the answer"
    thinks: ClassVar[bool] = True
    tunable: ClassVar[bool] = False
    needs_tuning: ClassVar[bool] = False

    def adapter(self, card: ModelCard) -> str | None:
        """The adapter trained for this strategy, when the model has it."""
        return self.name if self.tunable and self.name in card.adapters else None

    def request(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, samples: int, sampling: Sampling) -> Request:
        """The one request of a run: a prompt, a free thinking phase, an answer phase under the grammar."""
        card = engine.card
        grammar = answer_grammar(case, knowledge, card)
        adapter = self.adapter(card)
        convention = spoken(card, adapter)
        messages = render(card.prompt_family, self.name, case, convention)
        convention = convention.after(engine.prompt_text(messages))
        opening = convention.answering if self.thinks else convention.direct
        # Samples differ in how they think; given its thoughts, each writes down its likeliest answer.
        committed = Sampling() if self.thinks else None
        answer = Phase("answer", opening, budget.answer_tokens, "</answer>", grammar=grammar, sampling=committed)
        thinking = Phase(
            "thinking",
            convention.opening,
            budget.thinking_tokens,
            convention.closing,
            minimum_tokens=budget.minimum_thinking_tokens,
            continue_times=budget.continue_times,
        )
        return Request(
            messages=messages,
            phases=(thinking, answer) if self.thinks else (answer,),
            samples=samples,
            sampling=sampling,
            seed=budget.seed,
            adapter=adapter,
        )

    def cautions(self, case: Case, knowledge: Knowledge, engine: Engine, budget: Budget, prompt: str) -> tuple[str, ...]:
        """What a user should know of this strategy on this model and this note before reading its result."""
        card = engine.card
        found = []
        if self.needs_tuning and not self.adapter(card):
            found.append(f"{self.title} runs as prompted: this model has no adapter for it. The published gains come from fine-tuning.")
        if self.thinks and not card.demonstration and (finding := lost_by_reasoning(card.parameters)):
            found.append(finding)
        if card.context:
            room = card.context - engine.count_tokens(prompt) - budget.answer_tokens
            if self.thinks and 0 < room < budget.thinking_tokens:
                found.append(f"The note leaves room for about {room} thinking tokens of the {budget.thinking_tokens} allowed.")
        if card.demonstration and (warning := scope_warning(case, knowledge)):
            found.append(warning)
        return tuple(found)

    def started(
        self,
        chosen: Strategy,
        case: Case,
        knowledge: Knowledge,
        engine: Engine,
        budget: Budget,
        request: Request,
        more: tuple[str, ...] = (),
    ) -> Started:
        """The opening event of a run of `chosen`, which thinks in this chain's way."""
        prompt = engine.prompt_text(request.messages)
        return Started(
            strategy=chosen.name,
            parameters={**chosen.model_dump(mode="json"), "budget": budget.model_dump(mode="json")},
            samples=request.samples,
            prompt=prompt,
            prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest(),
            adapter=request.adapter,
            tuned=request.adapter is not None,
            warnings=(*case.warnings, *self.cautions(case, knowledge, engine, budget, prompt), *more),
        )

    def events(self, case: Case, engine: Engine, budget: Budget) -> Iterator[Event]:
        """One sample, its answer checked, and the conclusion."""
        knowledge = load_knowledge()
        request = self.request(case, knowledge, engine, budget, 1, Sampling(budget.temperature, budget.top_p))
        yield self.started(self, case, knowledge, engine, budget, request)
        drawn = yield from draw(case, knowledge, engine, request)
        only = drawn.samples[0]
        if not drawn.cancelled:
            if only.differential is None:
                yield Failed(message=unreadable(drawn.samples))
                return
            yield Concluded(differential=only.differential, warnings=(*shortfalls(drawn.samples), *concerns(only.differential, case)))
        yield Finished(usage=drawn.usage, cancelled=drawn.cancelled)


def answer_grammar(case: Case, knowledge: Knowledge, card: ModelCard, excluded: Sequence[str] = ()) -> Callable[[], AnswerGrammar]:
    """The grammar of an answer on this model, from which `excluded` diagnoses are barred."""
    if not card.closed_vocabulary:
        return partial(AnswerGrammar, case.text, excluded=excluded)
    vocabulary = tuple(c.name for c in knowledge.conditions.values())
    return partial(AnswerGrammar, case.text, vocabulary, _missing(knowledge), excluded)


def shortfalls(samples: tuple[SampleFinished, ...]) -> tuple[str, ...]:
    """What went short in complete samples: answers cut at their limit."""
    short = sum(sample.finish == "length" and sample.differential is not None for sample in samples)
    if not short:
        return ()
    who = "The answer was" if len(samples) == 1 else f"{short} of {len(samples)} answers were"
    return (f"{who} cut at the answer limit; only complete diagnoses are shown. Raise the answer limit to see all.",)


def unreadable(samples: tuple[SampleFinished, ...]) -> str:
    """Why there is no result, and what to do."""
    who = "The answer could not" if len(samples) == 1 else f"None of the {len(samples)} answers could"
    if all(sample.finish == "length" for sample in samples):
        return f"{who} be read: it reached the answer limit before the first diagnosis was complete. Raise the answer limit and run again."
    return f"{who} be read as a differential. Run again, or choose another model."


def _missing(knowledge: Knowledge) -> tuple[str, ...]:
    """All that a model of a closed vocabulary may name as missing or as the next step, without signs the answer format needs."""
    named = (*(f.name for f in knowledge.findings.values()), *(c.settling_step for c in knowledge.conditions.values()))
    return tuple(re.sub(r"\s*;\s*", ", ", re.sub(r'[|<>"]', "", name)) for name in named)


@strategy("vanilla", "Direct answer")
class Vanilla(Chain):
    """The answer at once, without written reasoning: the baseline of arXiv 2501.06458."""

    summary: ClassVar[str] = "The answer at once. The baseline to compare with."
    source: ClassVar[str] = "arXiv 2501.06458, its baseline"
    basic: ClassVar[bool] = True
    cost: ClassVar[str] = "the answer"
    thinks: ClassVar[bool] = False


@strategy("cot", "Chain of thought")
class ChainOfThought(Chain):
    """A few sentences of reasoning before the answer. Source: Wei et al. 2022, arXiv 2201.11903."""

    summary: ClassVar[str] = "A few sentences of reasoning, then the answer."
    source: ClassVar[str] = "Wei et al. 2022, arXiv 2201.11903"
    basic: ClassVar[bool] = True
    tunable: ClassVar[bool] = True


@strategy("longstep", "LongStep")
class LongStep(Chain):
    """Long, ordered solution steps. Source: O1 Replication Journey Part 3, arXiv 2501.06458; prompts and adapters are our own."""

    summary: ClassVar[str] = "Ordered steps: findings, hypotheses, evidence, elimination."
    source: ClassVar[str] = "arXiv 2501.06458"
    basic: ClassVar[bool] = True
    tunable: ClassVar[bool] = True
    needs_tuning: ClassVar[bool] = True


@strategy("longmonolog", "LongMonolog")
class LongMonolog(Chain):
    """A reflective inner monologue with self-correction. Source: arXiv 2501.06458; prompts and adapters are our own."""

    summary: ClassVar[str] = "A monologue that doubts and corrects itself."
    source: ClassVar[str] = "arXiv 2501.06458"
    basic: ClassVar[bool] = True
    tunable: ClassVar[bool] = True
    needs_tuning: ClassVar[bool] = True


CHAINS: dict[str, type[Chain]] = {cls.name: cls for cls in (Vanilla, ChainOfThought, LongStep, LongMonolog)}
