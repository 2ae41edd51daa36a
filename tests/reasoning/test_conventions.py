"""How models mark their thinking: read from raw text, whole and as it comes, and written by the strategies."""

import random
from collections.abc import Callable
from importlib import resources
from itertools import pairwise

import pytest

from cases.case import read_case
from reasoning.conventions import CONVENTIONS, OWN, Reader, Reading, read, spoken
from reasoning.conventions.convention import PLACE
from reasoning.engines.cache import Batch
from reasoning.engines.engine import ModelCard, Phase, Request
from reasoning.engines.local import LocalEngine
from reasoning.engines.scripted import ScriptedEngine
from reasoning.events import SampleFinished
from reasoning.prompts import render
from reasoning.prompts.prompts import template
from reasoning.strategies import Budget, build, run_strategy

# Written by us in each family's format: convention, raw text, whether the prompt opened the thinking, thinking, answer, fault.
FIXTURES = {
    "Qwen3 as it writes": ("think", "<think>\nFever, so gout?\n</think>\n\nGout.<|im_end|>", False, "Fever, so gout?", "Gout.", None),
    "the template wrote the opening": ("think", "Fever.\n</think>\n\nGout.", True, "Fever.", "Gout.", None),
    "nobody wrote the opening": ("think", "Fever.\n</think>\n\nGout.", False, "Fever.", "Gout.", "opening missing"),
    "cut off while it thinks": ("think", "<think>\nFever, so", False, "Fever, so", "", "unclosed"),
    "cut off, the template wrote the opening": ("think", "Fever, so", True, "Fever, so", "", "unclosed"),
    "ended while it thinks": ("think", "<think>\nFever.<|im_end|>", False, "Fever.", "", "unclosed"),
    "thinking turned off": ("think", "<think>\n\n</think>\n\nGout.", False, "", "Gout.", None),
    "closed twice": ("think", "<think>a</think>b</think>c", False, "ab", "c", None),
    "no mark at all": ("think", "Gout, I think.", False, "", "Gout, I think.", "no thinking"),
    "half a mark at the end": ("think", "<think>\na\n</thi", False, "a\n</thi", "", "unclosed"),
    "an answer in our own tags": (
        "think",
        "<think>\na\n</think>\n\nHere it is:\n<answer>\n1. Gout\n</answer>\nBe well.",
        False,
        "a",
        "1. Gout",
        None,
    ),
    "our own tags said while it thinks": (
        "think",
        "<think>\nI must write\n<answer>\n1. …\n</answer>\nlike that.\n</think>\nGout.",
        False,
        "I must write\n<answer>\n1. …\n</answer>\nlike that.",
        "Gout.",
        None,
    ),
    "our own tags without any thinking": ("own", "<answer>\n1. Gout\n</answer>", False, "", "1. Gout", "no thinking"),
    "reasoning without the tags it was asked for": (
        "own",
        "A hot toe.\n<answer>\n1. Gout\n",
        False,
        "A hot toe.",
        "1. Gout",
        "opening missing",
    ),
    "m1 as it writes": (
        "s1",
        "<|im_start|>think\nA hot toe.\n<|im_start|>answer\nFinal Answer: \\boxed{B}<|im_end|>",
        False,
        "A hot toe.",
        "Final Answer: \\boxed{B}",
        None,
    ),
    "m1 behind a prompt that opened": ("s1", "A toe.<|im_start|>answer\nB", True, "A toe.", "B", None),
    "m1 cut off": ("s1", "<|im_start|>think\nA hot", False, "A hot", "", "unclosed"),
    "HuatuoGPT-o1 as it writes": ("headings", "## Thinking\n\nA toe.\n\n## Final Response\n\nGout.", False, "A toe.", "Gout.", None),
    "HuatuoGPT-o1 with two responses": (
        "headings",
        "## Thinking\n\na\n\n## Final Response\n\nb\n\n## Final Response\n\nGout.",
        False,
        "a\n\n\n\nb",
        "Gout.",
        None,
    ),
    "the heading named within a line": ("headings", "## Thinking\na ## Final Response", False, "a ## Final Response", "", "unclosed"),
    "MedGemma as it writes": ("medgemma", "<unused94>thought\nA toe.<unused95>Gout.<end_of_turn>", False, "A toe.", "Gout.", None),
    "MedGemma without the word": ("medgemma", "<unused94>A toe.<unused95>Gout.", False, "A toe.", "Gout.", None),
    "MedGemma answering at once": ("medgemma", "Gout.<end_of_turn>", False, "", "Gout.", "no thinking"),
    "gpt-oss as it writes": (
        "harmony",
        "<|channel|>analysis<|message|>A toe.<|end|><|start|>assistant<|channel|>final<|message|>Gout.<|return|>",
        False,
        "A toe.",
        "Gout.",
        None,
    ),
    "gpt-oss in several messages": (
        "harmony",
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
        "<|start|>assistant<|channel|>final<|message|>c<|return|>",
        False,
        "ab",
        "c",
        None,
    ),
    "gpt-oss cut off": ("harmony", "<|channel|>analysis<|message|>A toe", False, "A toe", "", "unclosed"),
    "gpt-oss without a final message": ("harmony", "<|channel|>analysis<|message|>A toe<|end|>", False, "A toe", "", "unclosed"),
    "MedS3 as it writes": (
        "steps",
        "Step 1: A toe.\n\nStep 2: The answer is near.\n\nThe answer is B",
        False,
        "Step 1: A toe.\n\nStep 2: The answer is near.",
        "The answer is B",
        None,
    ),
    "Med-PRM's last line": ("steps", "Step 1: A toe.\n## Final Diagnosis: Gout", False, "Step 1: A toe.", "## Final Diagnosis: Gout", None),
    "nothing": ("think", "", False, "", "", "no thinking"),
}


def by_pieces(convention: str, pieces: list[str], opened: bool) -> Reading:
    reader = Reader(CONVENTIONS[convention], opened)
    for piece in pieces:
        reader.feed(piece)
    return reader.finish()


@pytest.mark.parametrize("name", FIXTURES)
def test_every_format_is_read(name: str) -> None:
    convention, raw, opened, thinking, answer, fault = FIXTURES[name]
    reading = read(CONVENTIONS[convention], raw, opened)
    assert (reading.thinking, reading.answer, reading.fault) == (thinking, answer, fault)


@pytest.mark.parametrize("name", FIXTURES)
def test_it_does_not_matter_in_which_pieces_a_text_comes(name: str) -> None:
    convention, raw, opened, *_ = FIXTURES[name]
    whole = read(CONVENTIONS[convention], raw, opened)
    assert by_pieces(convention, list(raw), opened) == whole
    for cut in range(len(raw)):
        assert by_pieces(convention, [raw[:cut], raw[cut:]], opened) == whole


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_no_character_is_lost_whatever_a_model_writes(convention: str) -> None:
    draw = random.Random(convention)
    marks = [mark.text for mark in CONVENTIONS[convention].marks]
    words = [*marks, *(mark[: len(mark) // 2] for mark in marks), "\n", "\n", " ", "a toe", "<", "##", "é"]
    for _ in range(300):
        raw = "".join(draw.choices(words, k=draw.randrange(14)))
        opened = draw.random() < 0.3
        cuts = sorted(draw.randrange(len(raw) + 1) for _ in range(4))
        pieces = [raw[start:end] for start, end in pairwise([0, *cuts, len(raw)])]
        reader = Reader(CONVENTIONS[convention], opened)
        said = ""
        for piece in pieces:
            reader.feed(piece)
            said += piece
            assert "".join(part.text for part in reader.reading.pieces) == said
        assert reader.finish() == read(CONVENTIONS[convention], raw, opened)
        assert "".join(part.text for part in reader.reading.pieces) == raw
        assert all(part.part != "held" for part in reader.reading.pieces)


def test_a_reader_shows_what_is_thought_while_it_is_thought() -> None:
    reader = Reader(CONVENTIONS["think"])
    seen = []
    for piece in ("<th", "ink>\nA hot", " toe.\n</", "think>\n", "Gout"):
        reader.feed(piece)
        seen.append((reader.reading.thinking, reader.reading.answer))
    assert seen == [("", ""), ("A hot", ""), ("A hot toe.", ""), ("A hot toe.", ""), ("A hot toe.", "Gout")]


def test_a_tag_in_the_thinking_that_may_be_text_is_kept_as_text_of_the_thinking() -> None:
    reading = read(CONVENTIONS["think"], "<think>a <answer> b</think>c")
    assert (reading.thinking, reading.answer) == ("a <answer> b", "c")


@pytest.mark.parametrize("name", [name for name in CONVENTIONS if name != "steps"])
@pytest.mark.parametrize("opened", [False, True])
def test_what_a_convention_writes_it_reads_back(name: str, opened: bool) -> None:
    convention = CONVENTIONS[name]
    prompt = f"<|im_start|>assistant\n{convention.opening if opened else ''}"
    behind = convention.after(prompt)
    assert convention.opened_by(prompt) is opened
    thought = read(convention, f"{behind.opening}A toe.\n{behind.closing}{behind.answering}1. Gout\n</answer>", opened)
    assert (thought.thinking, thought.answer, thought.fault) == ("A toe.", "1. Gout", None)
    direct = read(convention, f"{behind.direct}1. Gout\n</answer>", opened)
    assert (direct.thinking, direct.answer) == ("", "1. Gout")
    whole = prompt + behind.opening
    assert whole.count(convention.opening) == 1, "nothing is opened twice"


CASE = read_case("63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. No fever.")
DIFFERENTIAL = "unexplained: none\nnext: CT\n</answer>"
ANSWER = (
    "".join(
        f'{i}. {name} | {status} | possible\nfor: "sudden SOB"\nagainst: none\nmissing: none\n'
        for i, name, status in (
            (1, "Pulmonary embolism", "leading"),
            (2, "Pneumothorax", "plausible"),
            (3, "Acute pericarditis", "unlikely"),
        )
    )
    + DIFFERENTIAL
)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_strategies_open_and_close_the_thinking_as_the_model_does(name: str) -> None:
    convention = spoken(ModelCard(id="x", convention=name))
    engine = ScriptedEngine([[f"A clot.\n{convention.closing}", ANSWER]], card=ModelCard(id="x", convention=name))
    events = list(run_strategy(build("longstep"), CASE, engine, Budget()))
    thinking, answer = engine.requests[0].phases
    assert (thinking.opening, thinking.stop) == (convention.opening, convention.closing)
    assert (answer.opening, answer.stop) == (convention.answering, "</answer>")
    finished = next(event for event in events if isinstance(event, SampleFinished))
    assert finished.trace.text == "A clot.\n", "the marks are no part of the trace"
    assert finished.differential is not None


def test_an_opening_that_the_chat_template_wrote_is_not_written_again() -> None:
    class Opening(ScriptedEngine):
        def prompt_text(self, messages: object) -> str:
            return "assistant\n<think>\n"

    card = ModelCard(id="x", convention="think")
    engine = Opening([["A clot.\n</think>", ANSWER], [ANSWER]], card=card)
    list(run_strategy(build("cot"), CASE, engine, Budget()))
    list(run_strategy(build("vanilla"), CASE, engine, Budget()))
    assert engine.requests[0].phases[0].opening == ""
    assert engine.requests[1].phases[0].opening == "\n</think>\n\n<answer>\n", "no thinking: the block is closed at once"


@pytest.mark.parametrize("name", [name for name in CONVENTIONS if name != "steps"])
@pytest.mark.parametrize("itself", [True, False])
def test_the_local_engine_leads_any_convention_from_thinking_to_answer(
    engine: LocalEngine, say: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, name: str, itself: bool
) -> None:
    fed: list[int] = []
    feed = Batch.feed
    monkeypatch.setattr(Batch, "feed", lambda self, tokens, discard: (fed.extend(tokens[0]), feed(self, tokens, discard))[1])
    convention = CONVENTIONS[name]
    say(f"So be it.{convention.closing if itself else '<|im_end|>'}The answer</answer>")
    phases = [
        Phase("thinking", convention.opening, 90, convention.closing),
        Phase("answer", convention.answering, 90, "</answer>"),
    ]
    chunks = list(engine.stream([Request([{"role": "user", "content": "Chest pain."}], phases)]))
    assert engine._decode(fed) == f"So be it.{convention.closing}{convention.answering}The answer"
    assert "".join(chunk.text for chunk in chunks if not chunk.forced) == "So be it.The answer"


def test_an_adapter_speaks_our_own_tags_whatever_its_base_does() -> None:
    card = ModelCard(id="x", convention="s1", adapters={"longstep": "ab"})
    assert spoken(card) is CONVENTIONS["s1"]
    assert spoken(card, "longstep") is OWN
    engine = ScriptedEngine([["A clot.</think>", ANSWER]], card=card)
    list(run_strategy(build("longstep"), CASE, engine, Budget()))
    assert engine.requests[0].phases[0].opening == "<think>\n"
    assert "between <think> and </think>" in engine.requests[0].messages[-1]["content"]


@pytest.mark.parametrize("strategy", ["vanilla", "cot", "longstep", "longmonolog"])
def test_prompts_name_the_place_for_thinking_in_the_models_own_words(strategy: str) -> None:
    ours = render("general", strategy, CASE)
    assert render("general", strategy, CASE, OWN) == ours
    for name in ("s1", "headings", "medgemma", "harmony"):
        theirs = render("general", strategy, CASE, CONVENTIONS[name])
        text = "\n".join(message["content"] for message in theirs)
        assert "<think>" not in text
        assert (CONVENTIONS[name].place in text) == (strategy != "vanilla")
        assert theirs[0]["content"].startswith("SYSTEM INSTRUCTION") == (name == "medgemma" and strategy != "vanilla")
    assert all("<think>" not in part.replace("between <think> and </think>", "") for _, part in template("general", strategy))


def test_every_prompt_names_the_place_in_the_one_phrase_that_is_replaced() -> None:
    for folder in ("general", "choice"):
        for file in resources.files("reasoning.prompts").joinpath(folder).iterdir():
            assert "<think>" not in file.read_text("utf-8").replace(PLACE, ""), file.name


def test_a_note_cannot_have_its_words_replaced() -> None:
    case = read_case("A man of 60 who writes between <think> and </think> when he is asked, and {place} too.")
    user = render("general", "cot", case, CONVENTIONS["harmony"])[-1]["content"]
    assert "between ‹think> and ‹/think> when he is asked" in user
