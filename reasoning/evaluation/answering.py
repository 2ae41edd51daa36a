"""One question answered in words: the conclusion of a strategy as another evaluation program wants to read it."""

from dataclasses import dataclass

from cases.benchmarks import BenchmarkItem
from cases.benchmarks.question import asks_for_diagnosis
from cases.case import Origin, read_case
from cases.knowledge import Knowledge
from reasoning.answer import write_answer
from reasoning.engines.engine import Engine, EngineError
from reasoning.evaluation.choice_reading import read_choice
from reasoning.evaluation.prompt_reading import Asked
from reasoning.evaluation.suite.choosing import can_be_shown_options, choose, first_option, most_chosen
from reasoning.report import RunResult, fold
from reasoning.strategies import Budget, Strategy, run_strategy

NOT_PUT = "The question was not put to the model: this strategy and model answer with a differential."


@dataclass(frozen=True)
class Answered:
    """`text` ends in a line "ANSWER: ..." with the letter or the leading diagnosis; without that line nothing could be read."""

    text: str
    letter: str | None
    run: RunResult
    warnings: tuple[str, ...]


def answer(engine: Engine, strategy: Strategy, budget: Budget, asked: Asked, knowledge: Knowledge) -> Answered:
    """The answer to a question with options, else the differential of the case.

    A model that knows letters is shown the options. Elsewhere they are looked for in the differential, and an option that is not in it is
    not chosen: nothing is guessed. Raises CaseError when the text cannot be a case, and EngineError when the engine broke down.
    """
    case = read_case(asked.text, origin=Origin.benchmark)
    shown = bool(asked.options) and can_be_shown_options(strategy, engine.card)
    if shown:
        # An item has to hold a right answer, and a strategy never sees it: this one is any letter.
        item = BenchmarkItem(id=case.id, dataset="asked", text=case.text, question=asked.question, options=asked.options, answer="A")
        run = fold(choose(strategy, item, engine, budget, knowledge))
    else:
        run = fold(run_strategy(strategy, case, engine, budget))
    if run.status == "interrupted" or (run.status == "failed" and all(sample.finish == "cancelled" for sample in run.samples)):
        raise EngineError(run.failure or "The engine stopped before the answer was complete. Ask again.")
    letter = _letter(run, asked.options, shown, knowledge)
    unasked = asked.question is not None and not shown and not asks_for_diagnosis(asked.question)
    return Answered(_text(run, letter, asked, shown), letter, run, (*run.warnings, *((NOT_PUT,) if unasked else ())))


def _letter(run: RunResult, options: tuple[str, ...], shown: bool, knowledge: Knowledge) -> str | None:
    if not shown:
        return first_option(run.differential, options, knowledge)
    return most_chosen([read_choice(sample.answer, options).letter for sample in run.samples])[0]


def _text(run: RunResult, letter: str | None, asked: Asked, shown: bool) -> str:
    if shown:
        said = "\n".join(sample.answer.strip() for sample in run.samples)
    else:
        said = write_answer(run.differential).strip() if run.differential else run.failure or ""
    final = letter if asked.options else run.differential.hypotheses[0].diagnosis if run.differential else None
    return (
        f"{said}\n\nANSWER: {final}" if final is not None else f"{said}\n\nNo {'option' if asked.options else 'diagnosis'} could be read."
    )
