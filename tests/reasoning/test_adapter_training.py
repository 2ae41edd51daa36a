"""Adapters are tuned: they learn, survive being stopped, and say what they are."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.commands.launch import launch_command_parser
from safetensors.torch import load_file

from reasoning.engines.loading import hash_weights
from reasoning.engines.local import LocalEngine
from reasoning.journey.lines import write_rows
from reasoning.training import adapter as demonstration
from reasoning.training.adapters.base import find_base, load_tokenizer
from reasoning.training.adapters.configuration import AdapterConfiguration, load_configuration
from reasoning.training.adapters.data import file_sha256, read_data
from reasoning.training.adapters.errors import ConfigurationError, TrainingError
from reasoning.training.adapters.examples import Example, read_examples
from reasoning.training.adapters.launch import accelerate_arguments, launch_command, launch_environment
from reasoning.training.adapters.trainer import tune
from tests.reasoning.journey_examples import a_record

RECIPE = AdapterConfiguration(
    summary="small", rank=4, alpha=8, precision="float32", learning_rate=5e-3, batch=4, per_device=2, epochs=4, save_every=2
)
SOURCE = {"file": "journey.jsonl", "sha256": "ab", "records": 6}


def nothing(row: dict[str, float]) -> None: ...


def stopping_at(step: int) -> Callable[[dict[str, float]], None]:
    def report(row: dict[str, float]) -> None:
        if row["step"] == step:
            raise KeyboardInterrupt

    return report


@pytest.fixture(scope="module")
def examples(folder: Path) -> list[Example]:
    pairs = [(record.messages, record.completion) for record in map(a_record, range(6))]
    return read_examples(load_tokenizer(folder), pairs, 4000).used


def tuned(
    folder: Path,
    examples: list[Example],
    out: Path,
    recipe: AdapterConfiguration = RECIPE,
    report: Callable[[dict[str, float]], None] = nothing,
    **more: Any,
) -> dict[str, Any]:
    return tune(find_base(str(folder)), load_tokenizer(folder), examples, recipe, out, "longmonolog", SOURCE, report, **more)


def test_an_adapter_learns_and_its_record_says_from_what(folder: Path, examples: list[Example], tmp_path: Path) -> None:
    rows: list[dict[str, float]] = []
    tuned(folder, examples, tmp_path, report=rows.append)
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["last_loss"] < record["first_loss"] - 0.5
    assert [row["loss"] for row in rows] == [entry["loss"] for entry in record["losses"]]
    assert all(row["tokens_per_second"] > 0 and row["of_steps"] == 6 for row in rows)
    assert record["base"] == {"id": "base", "revision": "", "weights_sha256": hash_weights(folder)}
    assert record["data"] | SOURCE == record["data"]
    assert (record["steps"], record["world_size"], record["seed"], record["configuration"]["rank"]) == (6, 1, 0, 4)
    assert record["tokens_seen"] == 4 * sum(len(example.ids) for example in examples)
    assert {"torch", "trl", "peft", "transformers"} <= set(record["libraries"])
    assert record["adapter_sha256"] == hash_weights(tmp_path)
    settings = (tmp_path / "adapter_config.json").read_text()
    assert json.loads(settings)["base_model_name_or_path"] == "base"
    assert str(tmp_path) not in settings + json.dumps(record)
    assert str(folder) not in settings + json.dumps(record)
    assert {path.name for path in tmp_path.iterdir()} == {"adapter_config.json", "adapter_model.safetensors", "training.json"}
    assert LocalEngine(folder, "nf4", "cpu", {"longmonolog": tmp_path}).card.adapters["longmonolog"] == record["adapter_sha256"]


def test_a_training_that_was_killed_ends_as_if_it_had_not_been(folder: Path, examples: list[Example], tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"dropout": 0.1})
    whole = tuned(folder, examples, tmp_path / "whole", recipe)
    with pytest.raises(KeyboardInterrupt):
        tuned(folder, examples, tmp_path / "part", recipe, stopping_at(5))
    unfinished = tmp_path / "part" / "work" / "checkpoint-6"
    unfinished.mkdir()  # a kill while it was being written
    assert not (tmp_path / "part" / "adapter_config.json").exists()
    steps: list[float] = []
    record = tuned(folder, examples, tmp_path / "part", recipe, lambda row: steps.append(row["step"]))
    assert steps == [5, 6], "in the middle of an epoch"
    assert [row["step"] for row in record["losses"]] == [1, 2, 3, 4, 5, 6]
    assert record["losses"] == whole["losses"]
    one, two = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "part"))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_nothing_is_lost_or_mixed_up_unasked(folder: Path, examples: list[Example], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        tuned(folder, examples, tmp_path, report=stopping_at(3))
    other = RECIPE.model_copy(update={"rank": 2, "epochs": 1})
    with pytest.raises(ConfigurationError, match="--no-resume"):
        tuned(folder, examples, tmp_path, other)
    assert tuned(folder, examples, tmp_path, other, resume=False)["steps"] == 2
    with pytest.raises(ConfigurationError, match="finished adapter"):
        tuned(folder, examples, tmp_path, other)
    with pytest.raises(TrainingError, match="No example is left"):
        tuned(folder, [], tmp_path / "empty")
    with pytest.raises(TrainingError, match="check `targets`"):
        tuned(folder, examples, tmp_path / "none", RECIPE.model_copy(update={"targets": ("query_key_value",)}))


@pytest.mark.parametrize("quantization", ["nf4", "rounded"])
def test_a_base_in_four_bits_is_tuned_on_a_processor_too(folder: Path, examples: list[Example], tmp_path: Path, quantization: str) -> None:
    recipe = RECIPE.model_copy(update={"quantization": quantization, "precision": "bfloat16" if quantization == "nf4" else "float32"})
    record = tuned(folder, examples, tmp_path, recipe)
    assert record["last_loss"] < record["first_loss"] - 0.5


def test_the_demonstration_models_adapters_come_from_the_same_trainer(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration, "EXAMPLES", 4)
    small = demonstration.load_configuration("demonstration", minutes=9.0, longest=8000, log_every=1, save_every=1, batch=2, per_device=2)
    monkeypatch.setattr(demonstration, "load_configuration", lambda _, minutes: small.model_copy(update={"minutes": minutes}))
    with pytest.raises(KeyboardInterrupt):
        demonstration.train_adapter(folder, tmp_path, "longstep", 9.0, stopping_at(2))
    rows: list[dict[str, float]] = []
    demonstration.train_adapter(folder, tmp_path, "longstep", 0.001, rows.append)
    assert [row["step"] for row in rows] == [2], "it went on, and the time was up"
    assert rows[0]["minutes"] > rows[0]["of"] == 0.001
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == "soliloquy/demonstration"
    record = json.loads((tmp_path / "training.json").read_text())
    assert (record["strategy"], record["minutes"], record["configuration"]["quantization"]) == ("longstep", 0.001, "rounded")


def test_two_processes_make_one_adapter_the_same_as_one_process(tmp_path: Path) -> None:
    data, recipe, out = tmp_path / "journey.jsonl", tmp_path / "small.toml", tmp_path / "out"
    write_rows(data, [a_record(number).model_copy(update={"prompt_family": "demonstration"}) for number in range(4)])
    recipe.write_text('extends = "paper"\nsummary = "small"\nbatch = 4\nepochs = 3\nlearning_rate = 5e-3\nwarmup = 0')
    settings = load_configuration(recipe)
    arguments = ["train", "adapter", "--base", "demo", "--data", str(data), "--config", str(recipe), "--out", str(out)]
    command = launch_command(settings, 2, arguments)
    environment = {**os.environ, **launch_environment(2), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step 1 of 3 steps") == 1, "one process speaks"
    two = json.loads((out / "training.json").read_text())
    assert (two["world_size"], two["steps"], two["device"]) == (2, 3, "cpu")
    assert two["data"]["sha256"] == file_sha256(data)
    assert two["base"]["id"] == "soliloquy/demonstration"
    assert two["last_loss"] < two["first_loss"] - 0.5
    assert {path.name for path in out.iterdir()} == {"adapter_config.json", "adapter_model.safetensors", "training.json"}

    base = find_base("demo")
    tokenizer, pairs = load_tokenizer(base.folder(download=False)), read_data(data, base).pairs()
    used = read_examples(tokenizer, pairs, settings.longest).used
    one = tune(base, tokenizer, used, settings, tmp_path / "one", "longmonolog", SOURCE, nothing)
    assert [row["loss"] for row in two["losses"]] == pytest.approx([row["loss"] for row in one["losses"]], rel=0.02)


def test_sharded_trainings_start_through_accelerate_with_their_own_files() -> None:
    zero3, fsdp = (accelerate_arguments(load_configuration(name), 4) for name in ("zero3", "fsdp"))
    assert zero3[:3] == ["-m", "accelerate.commands.launch", "--use_deepspeed"]
    assert json.loads(Path(zero3[4]).read_text())["zero_optimization"]["stage"] == 3
    assert "fsdp_version: 2" in Path(fsdp[3]).read_text()
    for each in (zero3, fsdp):
        known = launch_command_parser().parse_args([*each[2:], "train", "adapter", "--base", "demo"])
        assert (known.num_processes, known.training_script, known.training_script_args[0]) == (4, "app", "train")
