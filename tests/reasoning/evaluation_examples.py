"""Items and replies for evaluations whose outcome a test decides."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reasoning.engines.engine import Chunk, EngineError, ModelCard, Request
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.suite import Prepared, parse_arms, prepare
from reasoning.strategies import Budget

TOES = [
    {
        "id": f"toe-{n}",
        "text": f"A man of {60 + n} with a hot swollen toe and a fever.",
        "diagnosis": "Gout",
        "evidence": ["hot swollen toe"],
    }
    for n in range(4)
]
CHOICES = [
    {"id": f"q-{n}", "text": f"A man of {60 + n} with a hot toe.", "question": "What is it?", "options": ["Gout", "Asthma"], "answer": "A"}
    for n in range(4)
]


def own(folder: Path, rows: Sequence[dict[str, Any]] = TOES, name: str = "own.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def planned(file: Path, *strategies: str, budget: Budget | None = None, **changes: Any) -> Prepared:
    return prepare(str(file), parse_arms(strategies or ("vanilla",), budget or Budget()), model="scripted", **changes)


def differential(*names: str, quote: str = "hot swollen toe") -> str:
    heads = [
        f"{place}. {name} | {'leading' if place == 1 else 'plausible'} | {'likely' if place == 1 else 'possible'}\n"
        f'for: "{quote}"\nagainst: none\nmissing: none\n'
        for place, name in enumerate(names, 1)
    ]
    return "".join(heads) + "unexplained: none\nnext: none\n"


RIGHT = differential("Gout", "Septic arthritis", "Asthma")
WRONG = differential("Septic arthritis", "Gout", "Asthma")


class Answering(ScriptedEngine):
    """Answers every case with what stands behind the words of it that come first in the prompt; breaks off after some chunks."""

    def __init__(self, replies: dict[str, Sequence[Sequence[str]]], breaks_after: int | None = None, card: ModelCard | None = None) -> None:
        super().__init__([], card=card)
        self._by_words, self._left = replies, breaks_after

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        if self.card.context and any(self.count_tokens(self.prompt_text(request.messages)) > self.card.context for request in requests):
            raise EngineError("The prompt is longer than the model reads; shorten the note.")
        self.requests += requests
        behind = ScriptedEngine([reply for request in requests for reply in self._replies_to(request)])
        try:
            for chunk in behind.stream(requests):
                if self._left is not None:
                    self._left -= 1
                    if self._left < 0:
                        raise KeyboardInterrupt
                yield chunk
        finally:
            self.cancelled += behind.cancelled

    def _replies_to(self, request: Request) -> list[Sequence[str]]:
        prompt = self.prompt_text(request.messages)
        replies = next(replies for words, replies in self._by_words.items() if words in prompt)
        return [replies[sample % len(replies)][-len(request.phases) :] for sample in range(request.samples)]
