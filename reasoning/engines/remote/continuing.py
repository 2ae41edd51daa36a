"""A sample written phase by phase: each request goes on behind the text so far, so that limits and openings hold as they do locally."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Literal

from reasoning.engines.engine import Chunk, EngineError, GrammarSource, Phase
from reasoning.engines.remote.json_answer import schema, to_lines, wants_differential
from reasoning.engines.remote.servers import Server
from reasoning.engines.remote.task import Answers, Ask, Count, Tally, Task, clear_of
from reasoning.engines.repetition import said_before

_OPEN = {"continue_final_message": True, "add_generation_prompt": False}


def continued(task: Task, ask: Ask, server: Server, answers: Answers, count: Count) -> AsyncGenerator[Chunk, None]:
    """The chunks of a sample. Raises EngineError."""
    return _Continuing(task, ask, server, answers, count).run()


@dataclass
class _Said:
    """A phase as far as it has come."""

    text: str
    spent: int
    finish: Literal["stop", "length"] = "stop"


@dataclass
class _Heard:
    """What one request brought."""

    tally: Tally
    text: str = ""
    finish: Literal["stop", "length"] = "stop"


@dataclass(frozen=True)
class _Continuing:
    task: Task
    ask: Ask
    server: Server
    answers: Answers
    count: Count

    async def run(self) -> AsyncGenerator[Chunk, None]:
        written = ""
        for index, phase in enumerate(self.task.phases):
            said = _Said(phase.given, self.count(phase.given) if phase.given else 0)
            if phase.opening:
                yield self.task.chunk(phase, phase.opening, self.count(phase.opening), forced=True)
            if phase.given:
                yield self.task.chunk(phase, phase.given, said.spent, forced=True)
            async with aclosing(self._phase(phase, written + phase.opening, said)) as chunks:
                async for chunk in chunks:
                    yield chunk
            yield self.task.chunk(phase, finish=said.finish, last=index + 1 == len(self.task.phases))
            written += phase.opening + said.text + phase.stop

    def _phase(self, phase: Phase, before: str, said: _Said) -> AsyncGenerator[Chunk, None]:
        if self.answers == "grammar" and phase.grammar is not None:
            return self._under_grammars(phase, before, said, phase.grammar())
        if self.answers == "schema" and wants_differential(phase):
            return self._under_schema(phase, before, said)
        return self._freely(phase, before, said)

    async def _freely(self, phase: Phase, before: str, said: _Said) -> AsyncGenerator[Chunk, None]:
        """Free text, with budget forcing as the local engine does it."""
        times, earlier, stretch = 0, "", said.text
        while (room := phase.maximum_tokens - said.spent) > 0:
            heard = _Heard(Tally(room))
            async with aclosing(self._hear(phase, before + said.text, phase.stop, heard)) as chunks:
                async for chunk in chunks:
                    yield chunk
            _add(said, heard)
            stretch += heard.text
            if said.finish == "length" or said.spent >= phase.minimum_tokens or times >= phase.continue_times:
                return
            if times and phase.repetition_limit is not None and said_before(stretch, earlier) >= phase.repetition_limit:
                yield self.task.chunk(phase, forced=True, finish="repeated")
                return
            word = phase.continuation(times)
            cost = self.count(word) if word else 0
            if not word or said.spent + cost >= phase.maximum_tokens:
                return
            yield self.task.chunk(phase, word, cost, forced=True, finish="continued")
            said.text, said.spent = said.text + word, said.spent + cost
            times, earlier, stretch = times + 1, earlier + stretch + word, ""
        said.finish = "length"

    async def _under_grammars(self, phase: Phase, before: str, said: _Said, source: GrammarSource) -> AsyncGenerator[Chunk, None]:
        """One request for each grammar of the sequence; the grammar ends the phase."""
        while (grammar := source.next_grammar(said.text)) is not None:
            room = phase.maximum_tokens - said.spent
            if room < 1 or said.finish == "length":
                said.finish = "length"
                return
            heard = _Heard(Tally(room))
            async with aclosing(self._hear(phase, before + said.text, "", heard, self.server.under_grammar(grammar))) as chunks:
                async for chunk in chunks:
                    yield chunk
            _add(said, heard)
            if not heard.text:
                raise EngineError("The server wrote nothing under the grammar of the answer: set SOLILOQUY_REMOTE_ANSWER=lines.")

    async def _under_schema(self, phase: Phase, before: str, said: _Said) -> AsyncGenerator[Chunk, None]:
        """A JSON document, told as the lines it stands for once it is whole; its tokens are counted as they come."""
        heard = _Heard(Tally(phase.maximum_tokens))
        async with aclosing(self._hear(phase, before, "", heard, self.server.under_schema(schema()))) as chunks:
            async for chunk in chunks:
                yield replace(chunk, text="")
        heard.text = to_lines(heard.text) or heard.text
        yield self.task.chunk(phase, heard.text)
        _add(said, heard)

    async def _hear(
        self, phase: Phase, before: str, stop: str, heard: _Heard, more: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """One request behind the text before. Whichever field its text comes in, it belongs to the phase that was asked for:
        a server's parser, which never saw the opening tag, may take the one for the other."""
        first = before == self.task.phases[0].opening + self.task.phases[0].given
        raw, shown, ended = "", 0, -1
        async with aclosing(self.ask(*self._worded(phase, before, stop, heard.tally.limit, more or {}))) as pieces:
            async for piece in pieces:
                tokens = heard.tally.take(piece)
                raw += piece.text
                if ended >= 0 and piece.text:
                    break  # it writes on behind the stop string
                ended = raw.find(stop) if stop and ended < 0 else ended
                end = ended if ended >= 0 else clear_of(raw, stop)
                text, shown = raw[shown:end], max(shown, end)
                if piece.finish == "length" and ended < 0:
                    heard.finish = "length"
                if text or tokens or piece.counts:
                    prompt = max(0, piece.counts.prompt - self.count(before)) or None if piece.counts and first else None
                    logprob = piece.logprob if self.task.request.logprobs else None
                    yield self.task.chunk(phase, text, tokens, logprob=logprob, prompt_tokens=prompt)
                if heard.tally.over and ended < 0 and not piece.finish:
                    heard.finish = "length"
                    break
        heard.text = raw[:ended] if ended >= 0 else raw
        if heard.text[shown:]:
            yield self.task.chunk(phase, heard.text[shown:])
        for remark in heard.tally.remarks():
            yield self.task.chunk(phase, warning=remark)

    def _worded(self, phase: Phase, before: str, stop: str, limit: int, more: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The endpoint and the body of a request that goes on behind the text before."""
        task = self.task
        body = {**task.body(self.server, phase.sampling or task.request.sampling, limit, stop), **more}
        logprobs = self.server.logprobs and task.request.logprobs
        if task.prompt is not None:
            return "/completions", {**body, "prompt": task.prompt + before, **({"logprobs": 0} if logprobs else {})}
        begun = [{"role": "assistant", "content": before}] if before else []
        body |= {"messages": [*task.messages, *begun], **(_OPEN if before else {}), **({"logprobs": True} if logprobs else {})}
        return "/chat/completions", body


def _add(said: _Said, heard: _Heard) -> None:
    said.text, said.spent, said.finish = said.text + heard.text, said.spent + heard.tally.counted, heard.finish
