"""`soliloquy evaluate` and `soliloquy report`, on generated cases and on one's own, as they are typed."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from reasoning.presets import packaged

DEMONSTRATION = packaged("demonstration") / "base" / "config.json"
SCRIPTED = ["evaluate", "generated:heldout", "--strategy", "vanilla,cot", "--limit", "2"]


def test_figures_come_with_n_and_interval_and_nothing_is_kept_without_a_folder(
    runner: CliRunner, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(cli, SCRIPTED)
    assert result.exit_code == 0, result.stderr
    assert "generated:heldout, 2 cases, scripted" in result.stdout
    assert "Direct answer: 100.0 % (34.2 to 100.0), n = 2" in result.stdout
    assert "4 of 4 answers" in result.stderr
    assert not home.exists(), "evaluation keeps nothing in the database"
    assert list(tmp_path.iterdir()) == []


def test_the_short_forms_that_users_know(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    assert "generated:heldout, 1 cases" in runner.invoke(cli, ["evaluate", "-s", "vanilla", "--n", "1"]).stdout
    own = tmp_path / "own.jsonl"
    own.write_text('{"text": "63F sudden SOB, pleuritic chest pain", "gold": "Pulmonary embolism"}\n', "utf-8")
    assert "own, 1 cases" in runner.invoke(cli, ["evaluate", "-s", "vanilla", "--cases", str(own)]).stdout


def test_rows_that_cannot_be_used_are_named_and_never_quoted(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text('{"text": "63F sudden SOB, chest pain", "gold": "Pulmonary embolism"}\n{"text": "63F sudden SOB, leg"}\n', "utf-8")
    result = runner.invoke(cli, ["evaluate", str(own), "-s", "vanilla", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert "Left out: own.jsonl, line 2: nothing says what is right" in result.stderr
    assert "SOB" not in result.output
    assert "1 rows of the file could not be used" in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["evaluate", "medqa-5", "-s", "vanilla"], "a file that you bring"),
        (["evaluate", "nothing", "-s", "vanilla"], "choose one of generated:heldout"),
        (["evaluate", "-s", "guess"], "choose one of vanilla"),
        (["evaluate", "-s", "vanilla", "--sweep", "64"], "add cot, longstep or longmonolog"),
        (["evaluate", "-s", "cot", "--sweep", "many"], "such as 64,128,256"),
        (["evaluate", "-s", "cot", "--think", "4"], "--think is out of range"),
        (["evaluate", "-s", "vanilla", "--resume"], "name it with --out"),
        (["evaluate", "-s", "longstep,longmonolog", "--adapter", "here"], "--adapter belongs to one strategy"),
        (["report", "nowhere"], "not the folder of an evaluation"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_sentence(runner: CliRunner, home: Path, arguments: list[str], hint: str) -> None:
    result = runner.invoke(cli, arguments)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(not DEMONSTRATION.is_file(), reason="the demonstration model is not in this checkout")
def test_the_demonstration_model_is_evaluated_and_reported(
    runner: CliRunner, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOLILOQUY_ENGINE")
    out = tmp_path / "out"
    command = ["evaluate", "--strategy", "vanilla,cot:think=24", "--limit", "2", "--answer", "150", "--out", str(out)]
    result = runner.invoke(cli, command)
    assert result.exit_code == 0, result.stderr
    assert "All: 4 of 4 answers." in result.stdout
    records = [json.loads(line) for line in (out / "records.jsonl").read_text("utf-8").splitlines()]
    assert {(r["arm"], r["case"]) for r in records} == {(a, c) for a in ("vanilla", "cot:think=24") for c in ("heldout-0", "heldout-1")}
    assert all(r["model"]["id"] == "demo" and r["model"]["weights_sha256"] for r in records)
    assert all(0 < r["samples"][0]["thinking_tokens"] - r["samples"][0]["mark_tokens"] <= 24 for r in records if r["strategy"] == "cot")
    page = (out / "report.html").read_text("utf-8")
    HTMLParser().feed(page)
    assert "It is not a medical model" in page
    assert json.loads((out / "summary.json").read_text("utf-8"))["complete"]

    refused = runner.invoke(cli, command)
    assert (refused.exit_code, "--resume" in refused.stderr) == (2, True)
    (out / "report.md").unlink()
    assert runner.invoke(cli, ["report", str(out)]).exit_code == 0
    assert (out / "report.md").is_file()
