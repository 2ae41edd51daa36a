"""Tokens from a model on this machine: any Hugging Face causal language model, in 4 bits, with LoRA adapters."""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from llguidance import LLTokenizer

from reasoning.engines import loading, prompt
from reasoning.engines.cache import Batch, Prefix, prefill
from reasoning.engines.constraint import Guard, grammar_tokenizer
from reasoning.engines.engine import Chunk, EngineError, GrammarSource, Message, ModelCard, Phase, Request
from reasoning.engines.penalty import beginnings
from reasoning.engines.row import Row, Tongue
from reasoning.engines.sampling import choose
from reasoning.engines.wide import keep_plain_copies

log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "transformers", "bitsandbytes", "peft", "llguidance")


ONE_THREAD_BELOW = 100_000_000
"""Parameters below which a second thread gains nothing and waits for its sibling whenever the cores are shared."""


class LocalEngine:
    """An engine that owns one model. One stream at a time: a second thread waits for its turn.

    Requests of one adapter are decoded together, `width` rows at a time; each prompt is read once, however many samples
    it has. When memory runs out the width is halved and every row goes on where it was. Give an answer phase with a
    grammar a generous `maximum_tokens` (some 60 a hypothesis and 40 a quotation): a grammar that is cut ends in "length".
    Raises EngineError.
    """

    def __init__(
        self,
        name: str | Path,
        quantization: loading.Quantization = "nf4",
        device: str | None = None,
        adapters: Mapping[str, str | Path] | None = None,
        *,
        width: int = 32,
        download: bool = False,
        card: Mapping[str, Any] | None = None,
    ) -> None:
        self.width = width
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._loaded = loading.load_model(str(name), quantization, self._device, download)
        self._tokenizer = self._loaded.tokenizer
        self._parameters = self._loaded.model.num_parameters()
        if self._device == "cpu" and self._parameters < ONE_THREAD_BELOW:
            torch.set_num_threads(1)
            keep_plain_copies(self._loaded.model)
        self._adapters = {key: Path(folder) for key, folder in (adapters or {}).items()}
        self._peft = loading.load_adapters(self._loaded.model, self._adapters)
        self._described = {"id": str(name), **(card or {})}
        self._lock = threading.Lock()
        self._owner: int | None = None
        ends = {self._tokenizer.eos_token_id, *_listed(getattr(self._loaded.model.generation_config, "eos_token_id", None))}
        begin = lru_cache(maxsize=64)(lambda texts: beginnings(texts, self._encode, self._decode))
        self._tongue = Tongue(self._encode, self._decode, frozenset(ends - {None}), self._guard, begin)

    @cached_property
    def card(self) -> ModelCard:
        """What produced the tokens. The first call reads all weights, for their hash."""
        return ModelCard(
            **{
                "revision": self._loaded.revision,
                "weights_sha256": loading.hash_weights(self._loaded.folder),
                "quantization": self._loaded.quantization,
                "device": self._device_name(),
                "parameters": self._parameters,
                "context": self._context,
                "adapters": {name: loading.hash_weights(folder) for name, folder in self._adapters.items()},
                "libraries": {name: version(name) for name in _LIBRARIES},
                **self._described,
            }
        )

    def count_tokens(self, text: str) -> int:
        """How many tokens the text is."""
        return len(self._encode(text))

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """The chat template filled in. Raises EngineError."""
        return prompt.render(self._tokenizer, messages)

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        """Chunks of all samples as they are written. Raises EngineError, before the first token where it can."""
        if self._owner == threading.get_ident():
            raise EngineError("This engine is already streaming in this thread; close the first stream before starting another.")
        with self._lock:
            self._owner = threading.get_ident()
            try:
                groups: dict[str | None, list[Row]] = {}
                for number, request in enumerate(requests):
                    groups.setdefault(request.adapter, []).extend(self._rows(number, request))
                for adapter, rows in groups.items():
                    with self._use(adapter):
                        yield from self._run(rows)
            finally:
                self._owner = None
                self._free()

    def _rows(self, number: int, request: Request) -> list[Row]:
        if request.adapter is not None and request.adapter not in self._adapters:
            raise EngineError(f"The adapter {request.adapter} is not loaded; load it with the model or ask without an adapter.")
        ids = prompt.prompt_ids(self._tokenizer, request.messages)
        phases = self._fit(request.phases, len(ids))
        return [Row(number, sample, request, phases, ids, self._tongue) for sample in range(request.samples)]

    def _fit(self, phases: Sequence[Phase], used: int) -> list[Phase]:
        """Phases that fit the context: the first ones give way, so that there is room for the answer."""
        fitted = list(phases)
        given = [self.count_tokens(phase.given) for phase in fitted]
        if not fitted or any(phase.maximum_tokens < 1 + size for phase, size in zip(fitted, given, strict=True)):
            raise EngineError("A request needs at least one phase, and each phase at least one token of its own.")
        over = used + sum(self.count_tokens(phase.opening + phase.stop) + phase.maximum_tokens for phase in fitted) - self._context
        for index, phase in enumerate(fitted):
            if self._context and over > 0:
                cut = min(over, phase.maximum_tokens - given[index] - 1)
                over -= cut
                fitted[index] = replace(phase, maximum_tokens=phase.maximum_tokens - cut)
                log.info("The %s phase is shortened by %d tokens to fit the context of %d.", phase.name, cut, self._context)
        if self._context and over > 0:
            raise EngineError(f"The prompt has {used} tokens and the model reads {self._context} at most; shorten the note.")
        return fitted

    def _run(self, rows: Sequence[Row]) -> Iterator[Chunk]:
        waiting, width, prefixes = deque(rows), self.width, _Prefixes(self._loaded.model)
        while waiting:
            current = [waiting.popleft() for _ in range(min(width, len(waiting)))]
            try:
                yield from self._decode_together(current, prefixes, waiting)
            except torch.OutOfMemoryError as error:
                if width == 1:
                    raise EngineError(
                        "The device ran out of memory with one sample; shorten the note or choose a smaller model."
                    ) from error
                width = max(1, min(width, len(current)) // 2)
                log.warning("Out of memory with %d rows: going on with %d at a time.", len(current), width)
                waiting.extendleft(reversed([row for row in current if not row.done]))
                prefixes.clear()
            self._free()

    def _decode_together(self, rows: list[Row], prefixes: "_Prefixes", later: Sequence[Row]) -> Iterator[Chunk]:
        for row in rows:
            yield from row.begin()
        batch = Batch(self._loaded.model, [prefixes.read(row) for row in rows])
        for row in rows:
            row.fed(len(row.queue))
        prefixes.keep_for(later)
        while True:
            ready = [index for index, row in enumerate(rows) if not row.queue]
            tokens, logprobs = choose(
                batch.logits if len(ready) == len(rows) else batch.logits[ready],
                [rows[index].sampling for index in ready],
                [rows[index].draw() for index in ready],
                [guard.allowed() if (guard := rows[index].guard) is not None else None for index in ready],
                [rows[index].biases() for index in ready],
            )
            for index, token, logprob in zip(ready, tokens, logprobs, strict=True):
                yield from rows[index].accept(token, logprob)
            going = [index for index, row in enumerate(rows) if not row.done]
            if not going:
                return
            if len(going) < len(rows):
                batch.keep(going)
                rows = [rows[index] for index in going]
            count = min(len(row.queue) for row in rows)
            if count == 0:
                continue  # a row between two grammars chooses again from the same logits
            batch.feed([row.queue[:count] for row in rows], [row.discard for row in rows])
            for row in rows:
                row.fed(count)

    def _use(self, adapter: str | None) -> Any:
        if self._peft is None:
            return nullcontext()
        if adapter is None:
            return self._peft.disable_adapter()
        self._peft.set_adapter(adapter)
        return nullcontext()

    @property
    def _context(self) -> int:
        return int(getattr(self._loaded.model.config.get_text_config(), "max_position_embeddings", 0) or 0)

    @cached_property
    def _grammar_tokenizer(self) -> LLTokenizer:
        size = int(self._loaded.model.config.get_text_config().vocab_size)
        return grammar_tokenizer(self._tokenizer, size, self._tokenizer.eos_token_id)

    def _guard(self, source: GrammarSource) -> Guard:
        return Guard(self._grammar_tokenizer, source)

    def _encode(self, text: str) -> list[int]:
        return prompt.encode(self._tokenizer, text)

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _device_name(self) -> str:
        return f"{self._device} ({torch.cuda.get_device_name()})" if self._device != "cpu" and torch.cuda.is_available() else self._device

    def _free(self) -> None:
        if self._device != "cpu" and torch.cuda.is_available():
            torch.cuda.empty_cache()


class _Prefixes:
    """Prompts already read, kept only while rows that begin with them are still to come."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._read: dict[tuple[int, ...], Prefix] = {}

    def read(self, row: Row) -> Prefix:
        # A row that begins holds its prompt in the queue; one that comes back after a lack of memory, all it has said.
        ids = (*row.context, *row.queue)
        if ids not in self._read:
            self._read[ids] = prefill(self._model, ids)
        return self._read[ids]

    def keep_for(self, later: Sequence[Row]) -> None:
        wanted = {(*row.context, *row.queue) for row in later}
        self._read = {ids: prefix for ids, prefix in self._read.items() if ids in wanted}

    def clear(self) -> None:
        self._read = {}


def _listed(ids: int | list[int] | None) -> list[int]:
    return [] if ids is None else [ids] if isinstance(ids, int) else ids
