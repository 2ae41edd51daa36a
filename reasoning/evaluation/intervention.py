"""Whether a trace drives the answer or decorates it, by intervention: the trace is changed and only the answer written again.

After Lanham et al. 2023 (arXiv 2307.13702: early answering, mistakes, filler tokens) and Turpin et al. 2023 (arXiv 2305.04388).
Thinking and answer are greedy, so what changes in the answer comes from the trace. A folder holds the work, and goes on where it
stopped: `run.json` what was asked of which model, `unchanged.jsonl` and `changed.jsonl` a row a case and a row an answer.
"""

import json
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cases.case import Case
from cases.knowledge import Knowledge, load_knowledge
from reasoning.engines.engine import Engine, EngineError, Request, Sampling
from reasoning.evaluation.intervention_plan import KINDS, NO_ROOM, Kind, changes_of, donor_of, plan
from reasoning.evaluation.intervention_records import Changed, Unchanged, listed
from reasoning.evaluation.together import together
from reasoning.events import Concluded, Event, Failed, SampleFinished
from reasoning.journey.lines import append_rows, resume_rows
from reasoning.strategies import Budget, run_strategy
from reasoning.strategies.chain import Chain
from reasoning.strategies.sampling import Drawn, draw

Progress = Callable[[str, int, int], None]


class InterventionError(ValueError):
    """The strategy or the folder cannot be used; the message says what to choose instead."""


@dataclass(frozen=True)
class Interventions:
    """All rows of the cases that were asked about, in their order."""

    unchanged: tuple[Unchanged, ...]
    changed: tuple[Changed, ...]


def intervene(
    folder: Path,
    cases: Sequence[Case],
    engine: Engine,
    strategy: Chain,
    budget: Budget | None = None,
    kinds: Sequence[Kind] = KINDS,
    dataset: str = "",
    at_once: int = 24,
    progress: Progress = lambda what, done, of: None,
) -> Interventions:
    """Every case answered once, and again behind each changed trace; what the folder already holds is not asked again.

    Raises InterventionError, JourneyError when the folder's files cannot be read or written, and EngineError; what was done is kept.
    """
    knowledge, budget = load_knowledge(), budget or Budget()
    if not strategy.thinks:
        raise InterventionError(f"The strategy {strategy.name} writes no trace: choose one that thinks before it answers.")
    if budget.temperature:
        raise InterventionError("Interventions compare greedy answers: leave the temperature at 0.")
    _begin(folder, engine, strategy, budget, dataset)

    path = folder / "unchanged.jsonl"
    answered = {row.case: row for row in resume_rows(path, Unchanged)}
    waiting = [case for case in cases if case.id not in answered]
    for first in range(0, len(waiting), at_once):
        rows = together(engine, lambda proxy, case: _answer(proxy, strategy, case, budget, knowledge), waiting[first : first + at_once])
        append_rows(path, rows)
        answered |= {row.case: row for row in rows}
        progress("cases", first + len(rows), len(waiting))

    unchanged, wanted = [answered[case.id] for case in cases], changes_of(kinds)
    path = folder / "changed.jsonl"
    done = {(row.case, row.change): row for row in resume_rows(path, Changed)}
    places = [(number, change) for number, row in enumerate(unchanged) if row.listed for change in wanted if (row.case, change) not in done]

    def again(proxy: Engine, place: tuple[int, str]) -> Changed:
        number, change = place
        donor = donor_of(number, unchanged, knowledge) if change == "replace" else None
        planned = plan(unchanged[number], donor, change, knowledge, proxy.count_tokens)
        return _answer_behind(proxy, strategy, cases[number], planned, budget, knowledge)

    for first in range(0, len(places), at_once):
        changed = together(engine, again, places[first : first + at_once])
        append_rows(path, changed)
        done |= {(row.case, row.change): row for row in changed}
        progress("changed traces", first + len(changed), len(places))
    return Interventions(tuple(unchanged), tuple(done[row.case, change] for row in unchanged if row.listed for change in wanted))


def behind(request: Request, thinking: str) -> Request:
    """The request with the thinking written out, closed as the engine closes it, and only the last phase left to the model."""
    thought, answer = request.phases[0], request.phases[-1]
    return replace(request, phases=(replace(answer, opening=thought.opening + thinking + thought.stop + answer.opening),))


def _answer(engine: Engine, strategy: Chain, case: Case, budget: Budget, knowledge: Knowledge) -> Unchanged:
    events = list(run_strategy(strategy, case, engine, budget))
    samples = [event for event in events if isinstance(event, SampleFinished) and event.finish != "cancelled"]
    if not samples:
        # An answer that cannot be read is a figure; an engine that broke down is none.
        raise EngineError(next((event.message for event in events if isinstance(event, Failed)), "The engine gave no answer. Run again."))
    concluded = next((event.differential for event in events if isinstance(event, Concluded)), None)
    thinking = samples[0].trace.text
    return Unchanged(
        case=case.id,
        gold=case.gold,
        gold_synonyms=case.gold_synonyms,
        thinking=thinking,
        tokens=engine.count_tokens(thinking),
        listed=listed(concluded),
    )


def _answer_behind(engine: Engine, strategy: Chain, case: Case, planned: Changed, budget: Budget, knowledge: Knowledge) -> Changed:
    if planned.not_applicable:
        return planned
    request = behind(strategy.request(case, knowledge, engine, budget, 1, Sampling()), planned.thinking)
    phase, context = request.phases[0], engine.card.context
    if context and engine.count_tokens(engine.prompt_text(request.messages) + phase.opening + phase.stop) + phase.maximum_tokens > context:
        return Changed(case=planned.case, change=planned.change, not_applicable=NO_ROOM)
    sample = _last(draw(case, knowledge, engine, request)).samples[0]
    return planned.model_copy(update={"tokens": engine.count_tokens(planned.thinking), "listed": listed(sample.differential)})


def _last(events: Generator[Event, None, Drawn]) -> Drawn:
    while True:
        try:
            next(events)
        except StopIteration as end:
            drawn: Drawn = end.value
            return drawn


def _begin(folder: Path, engine: Engine, strategy: Chain, budget: Budget, dataset: str) -> None:
    card = engine.card
    asked: Mapping[str, Any] = {
        "model": card.id,
        "weights_sha256": card.weights_sha256,
        "quantization": card.quantization,
        "adapters": dict(card.adapters),
        "strategy": strategy.name,
        "parameters": strategy.model_dump(mode="json"),
        "budget": budget.model_dump(mode="json"),
        "dataset": dataset,
    }
    path = folder / "run.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if json.loads(path.read_text("utf-8")) != asked:
                raise InterventionError(
                    f"{folder.name} holds the work of another model, strategy, budget or data set: choose another folder."
                )
            return
        beside = folder / ".run.json.part"
        beside.write_text(json.dumps(asked, indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(beside, path)
    except (OSError, json.JSONDecodeError) as error:
        raise InterventionError(
            f"{folder.name} cannot be used ({type(error).__name__}): choose another folder that you may write to."
        ) from None
