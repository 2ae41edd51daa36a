"""`soliloquy train adapter`: looked at first, then done, then found by the strategy that needs it."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from app.cli import cli
from app.models import engine_loader
from reasoning.journey.lines import write_rows
from reasoning.own_adapters import adapter_folder, place_of
from storage.settings import read_settings
from tests.reasoning.journey_examples import NOTE, THOUGHTS, a_record

RECIPE = 'extends = "paper"\nsummary = "small"\nbatch = 2\nepochs = 1\nlongest = 2000\n'


@pytest.fixture
def records(tmp_path: Path) -> Path:
    write_rows(tmp_path / "journey.jsonl", [a_record(number) for number in range(4)])
    return tmp_path / "journey.jsonl"


def train(runner: CliRunner, base: str, data: Path, config: str, *more: str) -> Result:
    return runner.invoke(cli, ["train", "adapter", "--base", base, "--data", str(data), "--config", config, *more])


@pytest.mark.parametrize(("config", "processes"), [("qlora-32b-one-gpu", 1), ("zero3", 8), ("fsdp", 8)])
def test_a_training_of_32_billion_parameters_is_looked_at_without_its_weights(
    runner: CliRunner, home: Path, records: Path, config: str, processes: int
) -> None:
    result = train(runner, "qwen2.5-32b", records, config, "--check")
    lacking = config == "zero3" and find_spec("deepspeed") is None
    assert result.exit_code == (1 if lacking else 0), result.output
    assert ("soliloquy[deepspeed]" in result.stdout) == lacking
    assert "base of 32.76 billion parameters, adapter of 134.2 million" in result.stdout
    assert "4 records of longmonolog" in result.stdout
    assert "characters a token assumed" in result.stdout
    assert "the recipe was made for 500 records" in result.stdout
    assert f"{processes} x 1 records a pass, {8 // processes} passes a step" in result.stdout
    assert ("--num_processes 8" in result.stdout) == ("divided among 8" in result.stdout) == (processes == 8)
    assert not home.exists(), "nothing is changed"


def test_the_look_counts_what_would_be_left_out(runner: CliRunner, home: Path, folder: Path, tmp_path: Path) -> None:
    data, config = tmp_path / "journey.jsonl", tmp_path / "small.toml"
    write_rows(data, [a_record(0), a_record(1, thoughts=f"{THOUGHTS} " * 60)])
    config.write_text(RECIPE)
    result = train(runner, str(folder), data, str(config), "--check")
    assert result.exit_code == 0, result.output
    assert "left out: 1 longer than 2,000 tokens: cut short, it would teach the model never to answer" in result.stdout
    assert "counted with the base's tokenizer" in result.stdout
    config.write_text(RECIPE.replace("2000", "20"))
    result = train(runner, str(folder), data, str(config), "--check")
    assert result.exit_code == 1
    assert "No record is left to learn" in result.stdout


def test_mistakes_are_said_in_one_sentence(runner: CliRunner, home: Path, records: Path, tmp_path: Path) -> None:
    for base, data, config, more, said in [
        ("demo", records, "demonstration", (), "--prompts demonstration"),
        ("qwen2.5-32b", records, "papers", (), "no configuration papers"),
        ("qwen2.5-32b", records, "paper", ("--minutes", "3"), "set both or neither"),
        ("qwen2.5-32b", tmp_path / "none.jsonl", "paper", (), "cannot be read"),
        ("qwen2.5-32b", records, "paper", ("--check", "--processes", "3"), "cannot be divided"),
        ("qwen2.5-32b", records, "paper", ("--strategy", "vanilla"), "takes no adapter"),
        ("gpt-oss-20b", records, "paper", (), "already quantised"),
    ]:
        result = train(runner, base, data, config, *more)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
        assert said in result.stderr


def test_a_tuned_adapter_is_found_and_used_until_its_base_changes(
    runner: CliRunner, home: Path, folder: Path, records: Path, tmp_path: Path
) -> None:
    base = tmp_path / "learner"
    base.mkdir()
    for file in folder.iterdir():
        (base / file.name).write_bytes(file.read_bytes())
    (tmp_path / "small.toml").write_text(RECIPE)
    result = train(runner, str(base), records, str(tmp_path / "small.toml"))
    assert result.exit_code == 0, result.output
    assert "step 2 of 2 steps  loss " in result.stdout
    assert f"--model {base} --strategy longmonolog" in result.stdout
    where = adapter_folder(home, str(base), "longmonolog")
    tuned = json.loads((where / "training.json").read_text())

    note = tmp_path / "note.txt"
    note.write_text(NOTE)
    how = ["--strategy", "longmonolog", "--think", "16", "--answer", "64", "--json", "--no-save"]
    asked = runner.invoke(cli, ["reason", str(note), "--model", str(base), *how])
    assert asked.stdout, asked.stderr
    document = json.loads(asked.stdout)
    assert (document["model"]["adapter"], document["model"]["adapter_sha256"]) == ("longmonolog", tuned["adapter_sha256"])
    assert train(runner, str(base), records, str(tmp_path / "small.toml")).exit_code == 2, "it is not overwritten unasked"

    weights = load_file(base / "model.safetensors")
    save_file({name: tensor + 1e-3 for name, tensor in weights.items()}, base / "model.safetensors", metadata={"format": "pt"})
    assert not engine_loader(read_settings(), str(base))().card.adapters, "an adapter of other weights does harm"


def test_models_says_which_adapters_there_are_and_whose(runner: CliRunner, home: Path) -> None:
    own = adapter_folder(home, "Qwen/Qwen2.5-32B-Instruct", "longstep")
    assert own.parent.name == place_of("qwen2.5-32b") == "qwen2.5-32b"
    own.mkdir(parents=True)
    lines = {line.split()[0]: line for line in runner.invoke(cli, ["models"]).stdout.splitlines()}
    assert lines["demo"].endswith("longmonolog, longstep")
    assert lines["qwen2.5-32b"].endswith("none"), "an adapter that is not finished is none"
    (own / "adapter_config.json").write_text("{}")
    lines = {line.split()[0]: line for line in runner.invoke(cli, ["models"]).stdout.splitlines()}
    assert lines["qwen2.5-32b"].endswith("longstep (yours)")
