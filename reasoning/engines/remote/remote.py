"""The engine that asks a server: all samples at once, cancelled by closing their connections."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2

from reasoning.conventions import spoken
from reasoning.engines import prompt
from reasoning.engines.engine import Chunk, EngineError, Message, ModelCard, Phase, Request
from reasoning.engines.remote.address import read_address
from reasoning.engines.remote.background import read_while_running
from reasoning.engines.remote.continuing import continued
from reasoning.engines.remote.json_answer import asked_as_json, wants_differential
from reasoning.engines.remote.listing import look, template
from reasoning.engines.remote.servers import servers
from reasoning.engines.remote.settings import RemoteSettings
from reasoning.engines.remote.task import Task
from reasoning.engines.remote.whole import check, whole
from reasoning.engines.remote.wire import Piece, ask, client

_SIGN_OF_LIFE = 0.2
_BYTES_PER_TOKEN = 4
_MARGIN = 1.1
"""Room left for the error of an estimated prompt, as a factor."""

_KEPT = "Thinking and answer are requested one behind the other; limits and forced texts hold as they do on this machine."
_ONE = "Thinking and answer are one request; a limit of the thinking alone cannot be enforced, and nothing can be forced."


class RemoteEngine:
    """Each sample is a request of its own, or one for each phase where the server goes on behind a text; the card says which.

    Up to `concurrency` requests run at once in each stream, and several streams may. A connection that fails before its first text is
    tried again; afterwards the stream ends in EngineError. An empty chunk is given every fifth of a second of silence, so that whoever
    reads can stop. Nothing is sent but to the address of the settings. `describe` adds to the card what is known of a model by its
    name. Raises EngineError, at once when the server cannot be used.
    """

    def __init__(self, settings: RemoteSettings, describe: Callable[[str], Mapping[str, Any]] | None = None) -> None:
        self._settings = settings
        self._address = read_address(settings.url, settings.plain_http)
        self._key = settings.key.get_secret_value() if settings.key else None
        self._served = look(self._address, settings.model, settings.kind, self._key, settings.patience)
        self._server = servers()[self._served.kind]
        self._described = describe(self._served.model) if describe else {}
        self._prompts: dict[str, str] = {}
        self._check_answers()
        if settings.tokenizer is not None:
            self._check_tokenizer()

    @cached_property
    def card(self) -> ModelCard:
        """What is known of the model: what the server says, and what the preset does."""
        return ModelCard(
            **{
                "id": _name(self._served.model),
                "quantization": "as the server runs it",
                "device": f"remote server {self._address.host}",
                "context": self._served.context,
                "adapters": dict.fromkeys(self._settings.adapters, ""),  # a hash stands here, and nobody knows it
                "libraries": {"httpx2": version("httpx2")},
                "sends_to": self._address.host,
                "decoding": self._decoding,
                **self._described,
            }
        )

    def count_tokens(self, text: str) -> int:
        """How many tokens the text is: exact with a tokenizer, else estimated as one for four bytes."""
        if self._tokenizer is not None:
            return len(prompt.encode(self._tokenizer, text))
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """The template filled in where that can be done, else the messages that are sent, one a paragraph. Raises EngineError."""
        sent = self._worded(messages, self._settings.answers == "schema")
        filled = self._prompt(sent)
        return filled if filled is not None else "\n\n".join(f"{message['role']}: {message['content']}" for message in sent)

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        """Chunks of all samples as they come. Raises EngineError."""
        tasks = [self._task(number, sample, request) for number, request in enumerate(requests) for sample in range(request.samples)]
        if not tasks:
            return
        waiting = {(task.number, task.sample): task for task in tasks}

        async def all_of(give: Callable[[Chunk], None]) -> None:
            turn = asyncio.Semaphore(self._settings.concurrency)
            async with client(self._key, self._settings.patience) as sender:
                running = [asyncio.create_task(self._one(task, sender, turn, give)) for task in tasks]
                try:
                    await asyncio.gather(*running)
                finally:
                    for each in running:
                        each.cancel()
                    await asyncio.gather(*running, return_exceptions=True)

        for chunk in read_while_running(all_of, _SIGN_OF_LIFE):
            if chunk is None:
                yield from (task.chunk(task.phases[0]) for task in list(waiting.values())[:1])
                continue
            if chunk.last:
                del waiting[chunk.request, chunk.sample]
            yield chunk

    async def _one(self, task: Task, sender: httpx2.AsyncClient, turn: asyncio.Semaphore, give: Callable[[Chunk], None]) -> None:
        def send(endpoint: str, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
            return ask(sender, self._address.base + endpoint, body, self._settings.patience)

        answers, convention = self._settings.answers, spoken(self.card, task.request.adapter)
        async with turn:
            chunks = (
                continued(task, send, self._server, answers, self.count_tokens)
                if self._continues
                else whole(task, send, self._server, answers, self.count_tokens, convention)
            )
            for remark in self._not_applied(task):
                give(task.chunk(task.phases[0], warning=remark))
            async with aclosing(chunks):
                async for chunk in chunks:
                    give(chunk)

    def _task(self, number: int, sample: int, request: Request) -> Task:
        if request.adapter is not None and request.adapter not in self._settings.adapters:
            raise EngineError(f"The server offers no adapter {request.adapter}: name it in SOLILOQUY_REMOTE_ADAPTERS, or ask without one.")
        if not request.phases or any(phase.maximum_tokens < 1 for phase in request.phases):
            raise EngineError("A request needs at least one phase, and each phase at least one token.")
        if not self._continues:
            check(request.phases, spoken(self.card, request.adapter))
        as_json = self._settings.answers == "schema" and any(map(wants_differential, request.phases))
        messages = self._worded(request.messages, as_json)
        filled = self._prompt(messages)
        used = self.count_tokens(filled if filled is not None else "".join(message["content"] for message in messages))
        model = self._settings.adapters[request.adapter] if request.adapter is not None else self._served.model
        return Task(number, sample, request, self._fit(request.phases, used), messages, filled, model)

    def _fit(self, phases: Sequence[Phase], used: int) -> list[Phase]:
        """Phases that fit the context, as far as it is known: the first ones give way, so that there is room for the answer."""
        fitted, context = list(phases), self._served.context
        if not context:
            return fitted
        used = used if self._tokenizer is not None else round(used * _MARGIN)
        over = used + sum(self.count_tokens(phase.opening + phase.stop) + phase.maximum_tokens for phase in fitted) - context
        for index, phase in enumerate(fitted):
            cut = max(0, min(over, phase.maximum_tokens - 1))
            over -= cut
            fitted[index] = replace(phase, maximum_tokens=phase.maximum_tokens - cut)
        if over > 0:
            raise EngineError(f"The prompt has about {used} tokens and the server's model reads {context} at most: shorten the note.")
        return fitted

    def _not_applied(self, task: Task) -> tuple[str, ...]:
        penalised = any(phase.penalties for phase in task.request.phases)
        return ("No server applies the penalty on words that this strategy asked for; the run went on without it.",) if penalised else ()

    def _worded(self, messages: Sequence[Message], as_json: bool) -> list[Message]:
        return asked_as_json(list(messages)) if as_json else list(messages)

    def _prompt(self, messages: list[Message]) -> str | None:
        """The template filled in, or None where only the server can do that."""
        if self._tokenizer is not None:
            return prompt.render(self._tokenizer, messages)
        if self._server.continues != "template":
            return None
        key = repr(messages)
        if key not in self._prompts:
            self._prompts = {key: template(self._address, messages, self._key, self._settings.patience)}
        return self._prompts[key]

    @property
    def _decoding(self) -> str:
        served = "".join(f" {strategy} is served as {model}." for strategy, model in self._settings.adapters.items())
        return f"{self._server.title}. {_KEPT if self._continues else _ONE}{served}"

    @property
    def _continues(self) -> bool:
        return self._settings.tokenizer is not None or self._server.continues != "no"

    @cached_property
    def _tokenizer(self) -> Any:
        if self._settings.tokenizer is None:
            return None
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self._settings.tokenizer, local_files_only=True)

    def _check_tokenizer(self) -> None:
        try:
            loaded = self._tokenizer
        except Exception as error:  # transformers and tokenizers each raise their own kinds for a damaged file
            raise EngineError(
                f"The tokenizer in {self._settings.tokenizer} cannot be read ({type(error).__name__}): correct SOLILOQUY_REMOTE_TOKENIZER."
            ) from None
        prompt.render(loaded, [{"role": "user", "content": ""}])

    def _check_answers(self) -> None:
        answers = self._settings.answers
        if answers == "schema" and not self._server.schema_field:
            raise EngineError(f"{self._server.title} takes no JSON schema: set SOLILOQUY_REMOTE_ANSWER=lines.")
        if answers == "grammar" and not (self._server.grammar and self._continues):
            raise EngineError(f"{self._server.title} takes no grammar: set SOLILOQUY_REMOTE_ANSWER=lines.")


def _name(model: str) -> str:
    """The model's name; of a folder on the server, its last part: a path would say nothing in a record, or too much."""
    return Path(model).name if model.startswith(("/", ".")) else model
