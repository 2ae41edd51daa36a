"""The other commands."""

import csv
import io
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from cases.library.library import load_library
from reasoning.presets import presets
from storage.database import Database
from storage.exports import read_jsonl
from tests.storage.stored_examples import a_case, complete_run


def test_cases_lists_the_library_without_its_answers(runner: CliRunner) -> None:
    text = runner.invoke(cli, ["cases"]).stdout
    assert all(row.id in text for row in load_library())
    assert len(text.splitlines()) == len(load_library()) + 1


def test_a_case_can_be_piped_on(runner: CliRunner) -> None:
    row = load_library()[0]
    assert runner.invoke(cli, ["cases", row.id]).stdout.strip() == row.text.strip()
    assert runner.invoke(cli, ["cases", "nothing"]).exit_code == 2


def test_models_lists_every_preset(runner: CliRunner) -> None:
    text = runner.invoke(cli, ["models"]).stdout
    assert all(name in text for name in presets())


def test_export_writes_all_runs_or_some(runner: CliRunner, kept: Database, tmp_path: Path) -> None:
    complete_run(kept)
    complete_run(kept, a_case("Cough", "A cough for three weeks and weight loss."), strategy="cot")
    out = tmp_path / "all.jsonl"
    result = runner.invoke(cli, ["export", "--format", "jsonl", "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    assert [run.strategy for run in read_jsonl(out)] == ["majority_vote", "cot"]
    assert "Wrote 2 runs" in result.stderr
    assert result.stdout == ""
    runner.invoke(cli, ["export", "-f", "jsonl", "-o", str(out), "--strategy", "cot", "--text", "WEIGHT", "--status", "finished"])
    assert [run.case.title for run in read_jsonl(out)] == ["Cough"]


def test_export_can_be_piped(runner: CliRunner, kept: Database) -> None:
    complete_run(kept)
    result = runner.invoke(cli, ["export", "--format", "csv", "--out", "-", "--diagnosis", "infarction"])
    rows = list(csv.DictReader(io.StringIO(result.stdout.removeprefix("\ufeff"))))
    assert [row["diagnosis"] for row in rows] == ["Myocardial infarction", "Pneumonia"]


def test_export_says_what_is_wrong(runner: CliRunner, kept: Database, tmp_path: Path) -> None:
    nowhere = runner.invoke(cli, ["export", "-f", "csv", "-o", str(tmp_path / "none" / "out.csv")])
    assert (nowhere.exit_code, len(nowhere.stderr.splitlines())) == (1, 1)
    unknown = runner.invoke(cli, ["export", "-f", "csv", "-o", "-", "--strategy", "guesswork"])
    assert unknown.exit_code == 2
    assert "choose one of" in unknown.stderr
    assert runner.invoke(cli, ["export", "-f", "xml", "-o", "-"]).exit_code == 2


def test_a_port_in_use_is_said_in_one_sentence(runner: CliRunner, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = runner.invoke(cli, ["serve", "--port", str(port)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"soliloquy: Port {port} is in use")
    assert len(result.stderr.splitlines()) == 1


def test_an_address_that_is_not_this_machines(runner: CliRunner, home: Path) -> None:
    result = runner.invoke(cli, ["serve", "--address", "203.0.113.7"])
    assert result.exit_code == 1
    assert "use 127.0.0.1" in result.stderr


def test_database_upgrade_makes_one(runner: CliRunner, home: Path) -> None:
    result = runner.invoke(cli, ["database", "upgrade"])
    assert result.exit_code == 0
    assert (home / "soliloquy.db").is_file()
    assert str(home / "soliloquy.db") in result.stdout


def test_training_without_its_extra_names_it(runner: CliRunner, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)  # as on a machine where it was not installed
    result = runner.invoke(cli, ["train", "demo", "--minutes", "1"])
    assert result.exit_code == 1
    assert "soliloquy[train]" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_doctor_says_what_this_machine_can_run(runner: CliRunner, home: Path) -> None:
    text = runner.invoke(cli, ["doctor"]).stdout
    for words in ("Processor:", "AVX", "Memory:", "Graphics:", "What is missing", f"Folder: {home}", "not there yet"):
        assert words in text, words
    assert all(f"{name}: " in text for name in presets())
    assert not home.exists(), "it changes nothing"


def test_doctor_finds_a_database_that_cannot_be_used(runner: CliRunner, kept: Database, home: Path) -> None:
    assert "(ready, runs: 0," in runner.invoke(cli, ["doctor"]).stdout
    kept.close()
    for file in home.iterdir():
        file.unlink()
    (home / "soliloquy.db").write_bytes(b"no database" * 100)
    result = runner.invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "The database cannot be read" in result.stdout
