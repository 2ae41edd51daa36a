"""A case, answers and traces for the scripted engine, and a run whose events survive being stored."""

from collections.abc import Sequence

from cases.case import Case, read_case
from reasoning.engines.engine import Engine, ModelCard
from reasoning.events import event_adapter
from reasoning.strategies import Budget, Strategy, run_strategy

CASE = read_case("63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. No fever.")


def answer(*names: str, words: Sequence[str] = ("likely", "possible", "unlikely")) -> str:
    statuses = ["leading", "plausible", "unlikely"]
    rows = [
        f'{i}. {name} | {status} | {word}\nfor: "sudden SOB"\nagainst: "No fever"\nmissing: D-dimer\n'
        for i, (name, word, status) in enumerate(zip(names, words, statuses, strict=True), 1)
    ]
    return "".join(rows) + "unexplained: none\nnext: CT pulmonary angiogram\n"


FIRST = answer("Pulmonary embolism", "Pneumothorax", "Acute pericarditis")
SECOND = answer("Pneumothorax", "PE", "Acute pericarditis")
THOUGHT = "A woman of 63, days.\nMy first thought is embolism.\nWait, no.\nSo, in order: embolism\n"


def reply(text: str = FIRST, thought: str = THOUGHT) -> list[str]:
    return [f"{thought}</think>", f"{text}</answer>"]


def card(**more: object) -> ModelCard:
    return ModelCard(id="scripted", **more)


def run(strategy: Strategy, engine: Engine, budget: Budget | None = None, case: Case = CASE) -> list:
    events = list(run_strategy(strategy, case, engine, budget or Budget()))
    assert [event_adapter.validate_json(event.model_dump_json()) for event in events] == events
    return events
