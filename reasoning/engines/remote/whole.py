"""A sample written in one request, thinking and answer together, for servers that cannot go on behind a text."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from reasoning.conventions import Convention
from reasoning.engines.engine import Chunk, EngineError, Phase
from reasoning.engines.remote.json_answer import schema, to_lines, wants_differential
from reasoning.engines.remote.servers import Server
from reasoning.engines.remote.split import Split
from reasoning.engines.remote.task import Answers, Ask, Count, Tally, Task
from reasoning.engines.remote.wire import Piece


def check(phases: Sequence[Phase], convention: Convention) -> None:
    """See that one request can stand in for these phases. Raises EngineError."""
    names = [phase.name for phase in phases]
    marks = [mark.text for mark in convention.marks]
    if names not in (["answer"], ["thinking"], ["thinking", "answer"]) or any(_words(phase, marks) for phase in phases):
        raise EngineError(
            "This strategy puts text of its own into what the model writes, and this server cannot go on behind a text: "
            "name its kind in SOLILOQUY_REMOTE_SERVER, or its tokenizer in SOLILOQUY_REMOTE_TOKENIZER (docs/remote.md)."
        )


def _words(phase: Phase, marks: list[str]) -> str:
    """What a phase forces beside the tags, which the model writes itself."""
    rest = phase.opening
    for mark in sorted(marks, key=len, reverse=True):
        rest = rest.replace(mark, "")
    return (rest + phase.given).strip()


async def whole(
    task: Task, ask: Ask, server: Server, answers: Answers, count: Count, convention: Convention
) -> AsyncGenerator[Chunk, None]:
    """The chunks of a sample. Raises EngineError."""
    first, last = task.phases[0], task.phases[-1]
    limit = sum(phase.maximum_tokens + count(phase.opening + phase.stop) for phase in task.phases)
    as_json = answers == "schema" and wants_differential(last)
    body: dict[str, Any] = {
        **task.body(server, first.sampling or task.request.sampling, limit, "" if as_json else last.stop),
        "messages": task.messages,
        **(server.under_schema(schema()) if as_json else {}),
        **({} if first.name == "thinking" else server.no_thinking),
        **({"logprobs": True} if server.logprobs and task.request.logprobs else {}),
    }
    tally, reply = Tally(limit), _Reply(task, convention, as_json)
    async with aclosing(ask("/chat/completions", body)) as pieces:
        async for piece in pieces:
            for chunk in reply.take(piece, tally.take(piece)):
                yield chunk
            if tally.over and not piece.finish:
                reply.finish = "length"
                break
    for chunk in reply.end(tally):
        yield chunk


class _Reply:
    """Turns the pieces of a reply into chunks of its phases."""

    def __init__(self, task: Task, convention: Convention, as_json: bool) -> None:
        self.finish: Literal["stop", "length"] = "stop"
        self._task, self._as_json = task, as_json
        self._last = task.phases[-1]
        self._thinking = task.phases[0] if task.phases[0].name == "thinking" else None
        self._split = Split(convention, self._thinking is not None)
        self._answering = self._thinking is None
        self._thought = self._document = ""
        self._tokens = {"thinking": 0, "answer": 0}

    def take(self, piece: Piece, tokens: int) -> Iterator[Chunk]:
        """What a piece brings. One that holds the end of the thinking and the beginning of the answer counts for the answer."""
        if piece.finish == "length":
            self.finish = "length"
        yield from self._tell(*self._split.take(piece), tokens, piece)

    def _tell(self, thought: str, answer: str, tokens: int, piece: Piece) -> Iterator[Chunk]:
        logprob = piece.logprob if self._task.request.logprobs else None
        prompt = piece.counts.prompt or None if piece.counts else None
        owner = "answer" if answer or (self._answering and not thought) else "thinking"
        self._thought, self._document = self._thought + thought, self._document + answer
        self._tokens[owner] += tokens
        if thought:
            yield self._task.chunk("thinking", thought, *((tokens,) if owner == "thinking" else ()))
        if answer:
            yield from self._close_thinking("stop")
        left = 0 if thought and owner == "thinking" else tokens
        if answer or left or prompt or logprob is not None:
            yield self._task.chunk(owner, "" if self._as_json else answer, left, logprob=logprob, prompt_tokens=prompt)

    def _close_thinking(self, finish: Literal["stop", "length"]) -> Iterator[Chunk]:
        if not self._answering and self._last is not self._thinking:
            self._answering = True
            yield self._task.chunk("thinking", finish=finish)

    def end(self, tally: Tally) -> Iterator[Chunk]:
        """What only the end of a reply tells."""
        yield from self._tell(*self._split.finish(cut=self.finish == "length"), 0, Piece())
        yield from self._close_thinking(self.finish)
        if self._as_json:
            yield self._task.chunk(self._last, to_lines(self._document) or self._document)
        if tally.counts is not None and tally.counts.reasoning is not None:
            moved = tally.counts.reasoning - self._tokens["thinking"]
            self._tokens["thinking"] += moved
            yield self._task.chunk("thinking", tokens=moved)
            yield self._task.chunk("answer", tokens=-moved)
        for remark in (*tally.remarks(), *self._remarks(tally)):
            yield self._task.chunk(self._last, warning=remark)
        yield self._task.chunk(self._last, finish=self.finish, last=True)

    def _remarks(self, tally: Tally) -> Iterator[str]:
        if self._thinking is None:
            return
        tokens, allowed, least = self._tokens["thinking"], self._thinking.maximum_tokens, self._thinking.minimum_tokens
        if not self._thought.strip():
            yield "The server returned no reasoning, though reasoning was asked for."
        if tokens > allowed:
            about = "" if tally.counts and tally.counts.reasoning is not None else "about "
            yield f"The server thought for {about}{tokens} tokens, and {allowed} were allowed: it takes no thinking limit."
        if tokens < least:
            yield f"The thinking ended before its minimum of {least} tokens: this server cannot be made to go on."
