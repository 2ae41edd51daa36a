"""Whatever comes out under the answer grammar is a differential, and its quotations stand in the note."""

import random
import time

import numpy as np
import pytest

from reasoning.answer import MAXIMUM_HYPOTHESES, MINIMUM_HYPOTHESES, read_answer
from reasoning.answer_grammar import MAXIMUM_WORDS, AnswerGrammar
from reasoning.differential import Differential, Likelihood, Status
from reasoning.engines.constraint import Guard, grammar_tokenizer
from reasoning.engines.engine import EngineError, Phase, Request, Sampling
from reasoning.engines.local import LocalEngine
from tests.reasoning.conftest import NOTE, tiny_tokenizer

TOKENIZER = tiny_tokenizer()
TONGUE = grammar_tokenizer(TOKENIZER, len(TOKENIZER), TOKENIZER.eos_token_id)
DISEASES = [
    "Asthma",
    "Asthma exacerbation",
    "Pulmonary embolism",
    "Crohn's disease",
    "Ménière's disease",
    "Pneumonia",
    "Sepsis",
    "Gout",
    "Migraine",
]


def babble(note: str, seed: int, vocabulary: list[str] | None = None, missing: list[str] | None = None) -> str:
    """An answer in which every token is drawn evenly from those allowed."""
    drawn = random.Random(seed)
    guard = Guard(TONGUE, AnswerGrammar(note, vocabulary, missing))
    ids: list[int] = []
    while not guard.complete:
        assert len(ids) < 20_000
        ids.append(int(drawn.choice(np.flatnonzero(guard.allowed()))))
        guard.accept(ids[-1], TOKENIZER.decode(ids))
    return TOKENIZER.decode(ids)


def check(answer: str, note: str) -> Differential:
    result = read_answer(answer)
    hypotheses = result.hypotheses
    assert [int(line[0]) for line in answer.splitlines() if line[0].isdigit()] == [h.rank for h in hypotheses]
    assert len({h.diagnosis.lower() for h in hypotheses}) == len(hypotheses) <= MAXIMUM_HYPOTHESES
    assert [h.status is Status.leading for h in hypotheses] == [True] + [False] * (len(hypotheses) - 1)
    order = [list(Likelihood).index(h.likelihood) for h in hypotheses]
    assert order == sorted(order)
    for quotation in (*result.unexplained, *(q for h in hypotheses for q in (*h.supporting, *h.refuting))):
        assert quotation.quote in note
        assert quotation.quote == quotation.quote.strip()
        assert len(quotation.quote) >= 2
        assert len(quotation.quote.split()) <= MAXIMUM_WORDS
    return result


@pytest.mark.parametrize("seed", range(12))
def test_random_tokens_make_a_differential(seed: int) -> None:
    assert len(check(babble(NOTE, seed), NOTE).hypotheses) >= MINIMUM_HYPOTHESES


@pytest.mark.parametrize("seed", range(12))
def test_a_closed_vocabulary_is_kept(seed: int) -> None:
    tests = ["CT", "CT head", "D-dimer", "Troponin (hs)"]
    result = check(babble(NOTE, seed, DISEASES, tests), NOTE)
    assert {h.diagnosis for h in result.hypotheses} <= set(DISEASES)
    assert {item for h in result.hypotheses for item in h.missing} <= set(tests)
    assert result.next_step in {*tests, ""}


def test_a_short_vocabulary_ends_the_list() -> None:
    assert len(check(babble(NOTE, 1, ["Gout", "Sepsis"]), NOTE).hypotheses) == 2


@pytest.mark.parametrize(
    "note",
    [
        "",
        '"',
        "\n \n",
        "x",
        "a\x1eb\x85c\u2028d",
        '""quoted""',
        "🙂🙂🙂",
        "ضغط الدم 120/80",
        "tab\tand\u00a0space",
        "a/b \\d+ (?i) [x] </answer>",
    ],
)
def test_any_note_will_do(note: str) -> None:
    for seed in range(3):
        check(babble(note, seed), note)


def test_readings_stay_whole() -> None:
    note = "T 38.5, BP 120/80, SpO2 <91%, follow-up"
    quotes = set()
    for seed in range(25):
        result = check(babble(note, seed, DISEASES), note)
        quotes |= {q.quote for h in result.hypotheses for q in h.supporting}
    words = {word.strip(",") for quote in quotes for word in quote.split()}
    assert words <= {"T", "38.5", "BP", "120/80", "SpO2", "<91%", "follow-up", ""}


def test_names_that_would_break_a_line_are_refused() -> None:
    for name in ("a | b", "two\nlines", "", " space", "semi; colon"):
        with pytest.raises(ValueError, match="cannot stand"):
            AnswerGrammar(NOTE, [name])


def test_a_note_of_twenty_kilobytes_is_quick() -> None:
    drawn = random.Random(0)
    words = ["".join(drawn.choices("abcdefghijkl", k=drawn.randint(2, 9))) for _ in range(2000)]
    note = ". ".join(" ".join(drawn.choices(words, k=8)) for _ in range(400))
    started = time.perf_counter()
    check(babble(note, 0, DISEASES), note)
    assert time.perf_counter() - started < 10


def test_a_broken_grammar_is_an_error_without_its_text() -> None:
    class Broken:
        def next_grammar(self, text_so_far: str) -> str | None:
            return 'start: "secret'

    with pytest.raises(EngineError) as error:
        Guard(TONGUE, Broken())
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("which", ["engine", "four_bit"])
def test_a_random_model_writes_only_differentials(which: str, request: pytest.FixtureRequest) -> None:
    engine: LocalEngine = request.getfixturevalue(which)
    phases = [
        Phase("thinking", opening="<think>\n", maximum_tokens=6, stop="</think>"),
        Phase("answer", opening="\n<answer>\n", maximum_tokens=4000, stop="</answer>", grammar=lambda: AnswerGrammar(NOTE, DISEASES)),
    ]
    ask = Request([{"role": "user", "content": NOTE}], phases, samples=8, sampling=Sampling(temperature=1.5))
    answers = [""] * 8
    for chunk in engine.stream([ask]):
        if chunk.phase == "answer" and not chunk.forced:
            answers[chunk.sample] += chunk.text
        if chunk.last:
            assert chunk.finish == "stop"
    for answer in answers:
        check(answer, NOTE)
    assert len(set(answers)) == 8


def test_a_grammar_that_is_cut_says_so(engine: LocalEngine) -> None:
    phase = Phase("answer", maximum_tokens=10, grammar=lambda: AnswerGrammar(NOTE))
    chunks = list(engine.stream([Request([{"role": "user", "content": NOTE}], [phase])]))
    assert chunks[-1].finish == "length"
    assert sum(chunk.tokens for chunk in chunks) == 10


def test_end_of_text_moves_on_to_the_next_grammar(engine: LocalEngine) -> None:
    class Two:
        def next_grammar(self, text_so_far: str) -> str | None:
            return None if text_so_far.endswith("!") else 'start: "!"' if text_so_far else "start: /[ab]*/"

    phase = Phase("answer", maximum_tokens=300, grammar=Two)
    ask = Request([{"role": "user", "content": NOTE}], [phase], samples=4, sampling=Sampling(temperature=3.0))
    texts = [""] * 4
    for chunk in engine.stream([ask]):
        texts[chunk.sample] += chunk.text
        assert chunk.finish in (None, "stop", "length")
    assert all(set(text) <= set("ab!") for text in texts)
    assert any(text.endswith("!") for text in texts)
