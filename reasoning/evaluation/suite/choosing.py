"""Multiple choice as a run: the options are shown, and each chain ends in a letter.

A chain keeps its thinking phase, its limits and its adapter; only the prompt and the form of the answer are others. The answer is free
text: what no rule of `choice_reading` reads is unparsed. Strategies that can only write a differential, and models that never saw a
letter, are not shown the options: see `first_option`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cases.benchmarks import LETTERS, BenchmarkItem
from cases.knowledge import Knowledge
from reasoning.conventions import spoken
from reasoning.differential import Differential
from reasoning.engines.engine import Engine, EngineError, ModelCard, Sampling
from reasoning.evaluation.matching import best_match
from reasoning.evaluation.suite.choice_prompts import CHAINS_ASKED, choice_messages
from reasoning.events import Event, Failed, Finished
from reasoning.strategies import CHAINS, Budget, Chain, MajorityVote, Strategy
from reasoning.strategies.sampling import draw


def can_be_shown_options(strategy: Strategy, card: ModelCard) -> bool:
    """Whether a strategy on this model can answer with a letter."""
    return card.prompt_family != "demonstration" and _chain(strategy) is not None


def choose(strategy: Strategy, item: BenchmarkItem, engine: Engine, budget: Budget, knowledge: Knowledge) -> Iterator[Event]:
    """The events of one question. Raises ValueError for a strategy that cannot be shown options."""
    chain, case = _chain(strategy), item.to_case()
    if chain is None:
        raise ValueError(f"{strategy.name} writes differentials only")
    samples, temperature = (strategy.samples, strategy.temperature) if isinstance(strategy, MajorityVote) else (1, budget.temperature)
    request = chain.request(case, knowledge, engine, budget, samples, Sampling(temperature, budget.top_p))
    phases = tuple(replace(phase, grammar=None) for phase in request.phases)
    request = replace(request, messages=choice_messages(chain.name, item, spoken(engine.card, request.adapter)), phases=phases)
    yield chain.started(strategy, case, knowledge, engine, budget, request)
    try:
        drawn = yield from draw(case, knowledge, engine, request)
    except EngineError as error:
        yield Failed(message=str(error))
        return
    yield Finished(usage=drawn.usage, cancelled=drawn.cancelled)


def first_option(differential: Differential | None, options: Sequence[str], knowledge: Knowledge) -> str | None:
    """The letter of the first diagnosis listed that means one of the options and no other; None when none does."""
    for hypothesis in differential.hypotheses if differential else ():
        meant = [
            letter
            for letter, option in zip(LETTERS, options, strict=False)
            if best_match(hypothesis.diagnosis, (option,), knowledge).verdict == "same"
        ]
        if len(meant) == 1:
            return meant[0]
    return None


def most_chosen(letters: Sequence[str | None]) -> tuple[str | None, int]:
    """The letter with most ballots and how many it has; of equals the one that was chosen first. Unparsed ballots are spoiled."""
    counted = Counter(letter for letter in letters if letter is not None)
    return counted.most_common(1)[0] if counted else (None, 0)


def _chain(strategy: Strategy) -> Chain | None:
    name = strategy.inner if isinstance(strategy, MajorityVote) else strategy.name
    return CHAINS[str(name)]() if name in CHAINS_ASKED else None
