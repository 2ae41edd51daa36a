"""The logits hook, and what else a phase can do with its words, on the tiny random model."""

from collections.abc import Callable

import pytest
import torch

from reasoning.engines.engine import EngineError, LogitsPenalty, Phase, Request, Sampling
from reasoning.engines.local import LocalEngine
from reasoning.engines.penalty import Penalised, beginnings
from reasoning.engines.sampling import choose
from tests.reasoning.test_local_engine import ASK, PHASES, WARM, run, spent, text

LETTERS = {letter: number for number, letter in enumerate("\n .abcdefghijklmnopqrstuvwxyzW")}


def by_letter(words: str) -> list[int]:
    return [LETTERS[letter] for letter in words]


def in_letters(ids: list[int]) -> str:
    return "".join(list(LETTERS)[number] for number in ids)


def test_a_text_begins_with_the_tokens_of_its_first_letters() -> None:
    assert beginnings(("Wait",), by_letter, in_letters) == (tuple(by_letter("Wai")), tuple(by_letter(" Wai")))
    assert beginnings(("no",), by_letter, in_letters)[0] == tuple(by_letter("no"))
    assert beginnings((), by_letter, in_letters) == ()


def test_only_the_token_that_completes_the_beginning_is_lowered_and_only_for_the_duration() -> None:
    penalised = Penalised(LogitsPenalty(("x",), 3.0, 4), [(5,), (1, 2)])
    assert penalised.lowered() == {5: -3.0}
    penalised.wrote(1)
    assert penalised.lowered() == {5: -3.0, 2: -3.0}
    for token in (9, 9, 9):
        penalised.wrote(token)
    assert penalised.lowered() == {}, "four tokens into the thought"
    penalised.wrote(1)
    penalised.wrote(2)
    assert penalised.lowered() == {5: -3.0}, "it was written all the same: another thought begins"
    for token in range(100, 200):
        penalised.wrote(token)
    assert penalised.lowered() == {}
    endless = Penalised(LogitsPenalty(("x",), 3.0), [(5,)])
    endless.wrote(1)
    assert endless.lowered() == {5: -3.0}


def test_biases_move_the_choice_and_not_the_log_probability() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0], [2.0, 1.0, 0.0]])
    tokens, logprobs = choose(logits, [Sampling()] * 2, [0.0] * 2, [None] * 2, [{0: -3.0}, {}])
    assert tokens == [1, 0]
    assert logprobs == torch.log_softmax(logits, -1)[[0, 1], [1, 0]].tolist()
    assert logits[0, 0] == 2.0


def test_a_strong_penalty_keeps_a_word_out_of_one_row_and_not_of_its_neighbour(engine: LocalEngine) -> None:
    plain = Phase("thinking", maximum_tokens=12)
    written = engine._encode(text(run(engine, Request(ASK, [plain]))[0, 0]))
    # A token that is a word's beginning all by itself, wherever the word stands.
    token = next(token for token in written if (token,) in engine._tongue.beginnings((engine._decode([token]).strip() or "-",)))
    word = engine._decode([token]).strip()
    barred = LogitsPenalty((word,), 1e4)
    never = Phase("thinking", maximum_tokens=12, penalties=(barred,))
    both = run(engine, Request(ASK, [plain]), Request(ASK, [never]))
    assert word in text(both[0, 0])
    assert word not in text(both[1, 0])
    assert text(both[0, 0]) == text(run(engine, Request(ASK, [plain]))[0, 0])


def test_a_negative_strength_invites_a_word(engine: LocalEngine) -> None:
    invited = Phase("thinking", maximum_tokens=3, penalties=(LogitsPenalty(("D",), -1e4, 1),))
    assert text(run(engine, Request(ASK, [invited]))[0, 0]).strip().startswith("D")


def test_several_words_are_used_in_turn_in_each_row_for_itself(engine: LocalEngine, say: Callable[[str], None]) -> None:
    say("One</think> two</think> three</think> four</think>")
    words = ("\nWait", "\nHmm")
    phase = Phase("thinking", maximum_tokens=200, minimum_tokens=190, stop="</think>", continue_with=words, continue_times=3)
    for chunks in run(engine, Request(ASK, [phase], samples=2, sampling=Sampling())).values():
        assert text(chunks) == "One\nWait two\nHmm three\nWait four"
        assert [chunk.finish for chunk in chunks if chunk.finish] == ["continued", "continued", "continued", "stop"]


def test_forcing_gives_up_where_a_row_repeats_itself(engine: LocalEngine, say: Callable[[str], None]) -> None:
    say("It is a clot in the lung.</think> It is a clot in the lung.</think> never read")
    phase = Phase("thinking", maximum_tokens=200, minimum_tokens=190, stop="</think>", continue_with=("\nWait",), repetition_limit=0.75)
    chunks = run(engine, Request(ASK, [phase, PHASES[1]]))[0, 0]
    thinking = [chunk for chunk in chunks if chunk.phase == "thinking"]
    assert [chunk.finish for chunk in thinking if chunk.finish] == ["continued", "repeated", "stop"]
    assert text(thinking) == "It is a clot in the lung.\nWait It is a clot in the lung."
    assert sum(chunk.tokens for chunk in thinking if chunk.finish == "repeated") == 0


def test_given_text_is_forced_counted_and_part_of_the_one_prefill(engine: LocalEngine, widths: list[tuple[int, int]]) -> None:
    phase = Phase("thinking", opening="<think>\n", maximum_tokens=20, given="D-dimer is missing.")
    for chunks in run(engine, Request(ASK, [phase], samples=3, sampling=WARM)).values():
        assert [(chunk.text, chunk.forced) for chunk in chunks[:2]] == [("<think>\n", True), ("D-dimer is missing.", True)]
        size = engine.count_tokens("D-dimer is missing.")
        assert chunks[1].tokens == size
        assert spent(chunks, "thinking") + size <= 20
    assert sum(tokens > 12 for _, tokens in widths) == 1


def test_given_text_that_leaves_no_room_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(EngineError, match="at least one token of its own"):
        run(engine, Request(ASK, [Phase("thinking", maximum_tokens=3, given="D-dimer is missing in this note.")]))
