"""The scripted engine keeps the same promises as the local one, in words."""

import pytest

from reasoning.engines.engine import Engine, EngineError, LogitsPenalty, Phase, Request
from reasoning.engines.scripted import ScriptedEngine

THINK = Phase("thinking", opening="<think>\n", maximum_tokens=6, stop="</think>")
ANSWER = Phase("answer", opening="<answer>\n", maximum_tokens=9, stop="</answer>")
ASK = ({"role": "user", "content": "Chest pain."},)


def test_it_reads_out_its_replies_in_turn() -> None:
    engine: Engine = ScriptedEngine([["one two", "PE\n"], ["three</think>never", "Gout"]])
    chunks = list(engine.stream([Request(ASK, [THINK, ANSWER], samples=2)]))
    said = ["".join(c.text for c in chunks if c.sample == sample and not c.forced) for sample in (0, 1)]
    assert said == ["one twoPE\n", "threeGout"]
    assert [c.finish for c in chunks if c.finish] == ["stop"] * 4
    assert sum(c.last for c in chunks) == 2
    assert engine.prompt_text(ASK) == "user: Chest pain."


def test_limits_count_words() -> None:
    chunks = list(ScriptedEngine([["a b c d e f g h"]]).stream([Request(ASK, [THINK])]))
    assert sum(c.tokens for c in chunks if not c.forced) == 6
    assert chunks[-1].finish == "length"


def test_an_early_stop_goes_on() -> None:
    phase = Phase("thinking", maximum_tokens=20, minimum_tokens=4, stop="</think>")
    chunks = list(ScriptedEngine([["a b</think> c d</think> e"]]).stream([Request(ASK, [phase])]))
    assert "".join(c.text for c in chunks) == "a b\nWait c d"
    assert [c.finish for c in chunks if c.finish] == ["continued", "stop"]


def test_closing_counts_as_cancelled() -> None:
    engine = ScriptedEngine([["a b c"]])
    stream = engine.stream([Request(ASK, [THINK])])
    next(stream)
    stream.close()
    assert engine.cancelled == 1
    assert engine.requests[0].messages == ASK


def test_an_empty_script_says_so() -> None:
    with pytest.raises(EngineError, match="0 replies left and 1"):
        list(ScriptedEngine([]).stream([Request(ASK, [THINK])]))


def test_words_in_turn_a_guard_and_given_text() -> None:
    phase = Phase(
        "thinking",
        maximum_tokens=60,
        minimum_tokens=40,
        stop="</think>",
        continue_with=("\nWait", "\nHmm"),
        given="Given words.",
        repetition_limit=0.75,
    )
    reply = ["One two three four.</think> Five six seven.</think> five six seven</think> unread"]
    chunks = list(ScriptedEngine([reply]).stream([Request(ASK, [phase])]))
    assert "".join(c.text for c in chunks) == "Given words.One two three four.\nWait Five six seven.\nHmm five six seven"
    assert [c.finish for c in chunks if c.finish] == ["continued", "continued", "repeated", "stop"]
    assert (chunks[0].forced, chunks[0].tokens) == (True, 2)


def test_penalties_change_nothing_here() -> None:
    phase = Phase("thinking", maximum_tokens=9, penalties=(LogitsPenalty(("b",), 100.0),))
    assert "".join(c.text for c in ScriptedEngine([["a b c"]]).stream([Request(ASK, [phase])])) == "a b c"
