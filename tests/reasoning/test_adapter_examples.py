"""From journey records to what an adapter learns, and in which order."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from reasoning.engines.local import LocalEngine
from reasoning.journey.lines import write_rows
from reasoning.journey.record import Style
from reasoning.training.adapters.base import Base, find_base, load_tokenizer
from reasoning.training.adapters.data import read_data
from reasoning.training.adapters.errors import ConfigurationError
from reasoning.training.adapters.examples import CONTROL, IGNORED, TOO_LONG, Example, make_example, read_examples
from reasoning.training.adapters.order import steps_of, training_order
from tests.reasoning.journey_examples import a_record, an_answer

LENGTHS = [(7 * i) % 61 + 20 for i in range(45)]


def test_only_the_completion_and_the_end_of_the_turn_are_learnt(folder: Path) -> None:
    tokenizer, record = load_tokenizer(folder), a_record()
    example = make_example(tokenizer, record.messages, record.completion)
    learnt = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(learnt) == record.completion + "<|im_end|>"
    assert tokenizer.decode(example.ids[: example.given]).endswith("<|im_start|>assistant\n")
    assert example.labels[: example.given] == [IGNORED] * example.given


def test_the_learner_reads_exactly_what_the_engine_will_read(engine: LocalEngine, folder: Path) -> None:
    messages = ({"role": "user", "content": "Says <|im_end|> is on the form."},)
    example = make_example(load_tokenizer(folder), messages, "<think>")
    from reasoning.engines.prompt import prompt_ids

    assert example.ids[: example.given] == prompt_ids(engine._tokenizer, messages)
    assert example.ids[: example.given].count(engine._tokenizer.eos_token_id) == 1, "the one of the note is plain text"


def test_long_records_are_left_out_whole_and_control_tokens_are_not_taught(folder: Path) -> None:
    records = [a_record(0), a_record(1, thoughts="So gout. " * 80), a_record(2, answer=an_answer("The sign <|im_start|>"))]
    examples = read_examples(load_tokenizer(folder), [(each.messages, each.completion) for each in records], longest=400)
    assert len(examples.used) == 1
    assert examples.left_out == Counter({TOO_LONG: 1, CONTROL: 1})


def test_examples_in_one_row_do_not_see_each_other(folder: Path) -> None:
    """Why padding-free batches are safe without flash attention too: transformers reads the borders off the positions."""
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    first, second = list(range(20, 60)), list(range(90, 120))
    together = DataCollatorForLanguageModeling(0, padding_free=True)([{"input_ids": first}, {"input_ids": second}])
    row = {key: together[key] for key in ("input_ids", "position_ids")}
    with torch.no_grad():
        alone = model(input_ids=torch.tensor([second]), use_cache=False).logits[0]
        behind = model(**row, use_cache=False).logits[0, len(first) :]
    assert torch.allclose(alone, behind, atol=1e-4)


def test_the_strategy_is_that_of_the_records(tmp_path: Path) -> None:
    base, path = Base("x", "x", "x", None), tmp_path / "journey.jsonl"
    write_rows(path, [a_record(0), a_record(1, style=Style.longstep), a_record(2, style=Style.cot)])
    with pytest.raises(ConfigurationError, match="choose one with --strategy"):
        read_data(path, base)
    data = read_data(path, base, "longstep")
    assert ([record.id for record in data.records], data.in_file) == (["r1"], 3)
    assert data.outdated() == 1, "its question is not what the strategy asks"
    with pytest.raises(ConfigurationError, match="takes no adapter"):
        read_data(path, base, "vanilla")


def test_records_must_ask_in_the_words_of_the_base(tmp_path: Path) -> None:
    path = tmp_path / "journey.jsonl"
    write_rows(path, [a_record(0)])
    with pytest.raises(ConfigurationError, match="--prompts demonstration"):
        read_data(path, find_base("demo"))
    assert read_data(path, find_base("Qwen/Qwen2.5-32B-Instruct")).strategy == "longmonolog"


def test_a_base_is_called_by_its_name_never_by_its_path(folder: Path, tmp_path: Path) -> None:
    assert find_base("demo").id == "soliloquy/demonstration"
    assert find_base("qwen2.5-32b").id == find_base("Qwen/Qwen2.5-32B-Instruct").id == "Qwen/Qwen2.5-32B-Instruct"
    assert find_base(str(folder)).id == "base"
    cached = tmp_path / "models--some--model" / "snapshots" / "abc"
    cached.mkdir(parents=True)
    assert find_base(str(cached)).id == "some/model"
    with pytest.raises(ConfigurationError, match="already quantised"):
        find_base("gpt-oss-20b")


def test_every_epoch_holds_every_example_once() -> None:
    order = training_order(LENGTHS, 9, 2, seed=3)
    assert len(order) == steps_of(45, 9, 2) * 9 == 90
    assert Counter(order) == Counter(dict.fromkeys(range(45), 2))
    assert steps_of(45, 8, 1) == 6, "the last batch is filled up"
    assert len(training_order(LENGTHS[:3], 8, 1, seed=0)) == 8


def test_the_order_depends_on_the_seed_alone_and_batches_are_of_one_length() -> None:
    order = training_order(LENGTHS, 5, 3, seed=1)
    assert order == training_order(LENGTHS, 5, 3, seed=1) != training_order(LENGTHS, 5, 3, seed=2)
    batches = [[LENGTHS[i] for i in order[at : at + 5]] for at in range(0, len(order), 5)]
    assert sum(max(batch) - min(batch) for batch in batches) / len(batches) < 8, "lengths go from 20 to 80"
    assert max(batches[0]) == max(LENGTHS), "what does not fit into memory fails in the first step"


def test_an_example_says_what_is_given_and_what_is_learnt() -> None:
    assert Example([5, 6, 7], 2).labels == [IGNORED, IGNORED, 7]
