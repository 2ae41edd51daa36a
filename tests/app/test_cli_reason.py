"""`soliloquy reason`: a case in, a differential out."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.plain import plain
from app.notices import DEMONSTRATION
from reasoning.strategies import names
from storage.database import Database
from storage.records import load_run, run_ids
from storage.values import RunStatus

NOTE = "63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. HR 118, SpO2 91 %. No fever."
SOLILOQUY = [sys.executable, "-c", "from app.cli import main; main()"]


def test_json_is_one_document_and_nothing_else(runner: CliRunner, kept: Database) -> None:
    result = runner.invoke(cli, ["reason", "-", "--strategy", "longstep", "--seed", "7", "--json"], input=NOTE)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["strategy"] == "longstep"
    assert set(document) >= {"run_id", "model", "usage", "differential", "samples", "warnings"}
    assert set(document["model"]) >= {"id", "quantization", "adapter", "device"}
    assert set(document["usage"]) >= {"prompt_tokens", "thinking_tokens", "answer_tokens", "seconds"}
    hypothesis = document["differential"]["hypotheses"][0]
    assert set(hypothesis) >= {"rank", "diagnosis", "status", "likelihood", "cannot_miss", "icd10", "supporting", "refuting", "missing"}
    assert document["samples"][0]["trace"]["steps"]
    assert "longstep, 1 sample" in result.stderr


def test_a_run_is_kept_as_the_app_keeps_it(runner: CliRunner, kept: Database) -> None:
    result = runner.invoke(cli, ["reason", "-", "--strategy", "cot", "--seed", "3", "--json"], input=NOTE)
    document = json.loads(result.stdout)
    run = load_run(kept, document["run_id"])
    assert run is not None
    assert run.status == RunStatus.finished
    assert (run.case.text, run.strategy, run.seed) == (NOTE, "cot", 3)
    assert run.samples[0].trace.text == document["samples"][0]["trace"]["text"]


def test_no_save_keeps_nothing(runner: CliRunner, home: Path) -> None:
    result = runner.invoke(cli, ["reason", "-", "--no-save"], input=NOTE)
    assert result.exit_code == 0
    assert "(not saved)" in result.stdout
    assert not home.exists()


def test_a_terminal_gets_the_trace_and_a_readable_differential(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text(NOTE, "utf-8")
    result = runner.invoke(cli, ["reason", str(file), "--strategy", "longmonolog"])
    assert result.exit_code == 0, result.stderr
    text = " ".join(result.stdout.split())
    trace, _, differential = text.partition("Differential")
    assert len(trace) > 200
    assert re.search(r"1\. .+ leading, [a-z ]+ \(\d+ to \d+ %; model's words\)", differential)
    assert "not found in the note" in differential, "the scripted engine talks about another patient, and that shows"
    assert "missing" in differential
    assert "Next most useful step:" in differential
    assert DEMONSTRATION in differential
    assert re.search(r"model scripted · strategy longmonolog · quantisation none · cpu · seed 0 · .+ · run [0-9a-f]{32}", differential)


def test_a_vote_shows_its_share_with_n(runner: CliRunner, home: Path) -> None:
    result = runner.invoke(cli, ["reason", "-", "-s", "majority_vote", "--samples", "3", "--inner", "cot", "-t", "0.5"], input=NOTE)
    assert result.exit_code == 0, result.stderr
    text = " ".join(result.stdout.split())
    assert "(n = 3)" in text
    assert "of 3 samples" in text
    assert "sample 3:" in text
    assert "strategy majority_vote of cot" in text


def test_a_case_of_the_library_needs_no_file(runner: CliRunner, kept: Database) -> None:
    result = runner.invoke(cli, ["reason", "--case", "jaw-ache-and-sickness", "-s", "vanilla", "--json"])
    assert result.exit_code == 0, result.stderr
    run = load_run(kept, json.loads(result.stdout)["run_id"])
    assert run is not None
    assert run.case.gold


def test_the_same_code_runs_a_real_model_in_four_bits(runner: CliRunner, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLILOQUY_ENGINE", "local")
    asked = [
        "reason",
        "-",
        "--model",
        str(folder),
        "--adapter",
        str(folder.parent / "longstep"),
        "--think",
        "16",
        "--answer",
        "64",
        "--json",
    ]
    result = runner.invoke(cli, asked, input=NOTE)
    document = json.loads(result.stdout)
    assert document["model"]["quantization"] == "nf4 + double quantisation"
    assert document["model"]["adapter"] == "longstep"
    assert document["samples"][0]["usage"]["thinking_tokens"] >= 16
    # A model of random weights may not finish its answer: then the document says so, and so does the exit code.
    assert (result.exit_code == 0) == (document["differential"] is not None)


def test_the_shipped_model_answers_from_a_shell_without_chatter(home: Path) -> None:
    command = [*SOLILOQUY, "reason", "--case", "jaw-ache-and-sickness", "--strategy", "longstep", "--json"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "SOLILOQUY_ENGINE": "local"}, check=False)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 0, said
    document = json.loads(done.stdout)
    assert document["model"]["id"] == "demo"
    assert document["model"]["adapter"] == "longstep"
    quotations = [quotation for row in document["differential"]["hypotheses"] for quotation in row["supporting"] + row["refuting"]]
    assert quotations
    assert all(quotation["verified"] for quotation in quotations), "the grammar lets it quote nothing else"
    assert said[0] == "longstep, 1 sample"
    assert all(line.startswith(("longstep, ", "sample 1: ")) or line.endswith(" tokens written") for line in said)


def test_ctrl_c_stops_within_a_moment_and_keeps_what_there_was(kept: Database, home: Path) -> None:
    slow = {**os.environ, "SOLILOQUY_SCRIPTED_DELAY": "0.1"}
    with subprocess.Popen(
        [*SOLILOQUY, "reason", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=slow
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(NOTE.encode())
        running.stdin.close()
        heard = b""
        while heard.count(b" ") < 12:
            heard += os.read(running.stdout.fileno(), 100)
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        said = running.stderr.read().decode() if running.stderr else ""
        assert running.wait(60) == 130
    assert "Stopped; what the run had is kept." in said
    assert "Traceback" not in said
    run = load_run(kept, next(iter(run_ids(kept))))
    assert run is not None
    assert run.status == RunStatus.cancelled
    assert run.samples[0].trace.text


def test_text_of_a_model_cannot_command_the_terminal() -> None:
    assert plain("\x1b[31mred\x1b]0;title\x07 \u202eevil\r\n[bold]\tx\ud800") == "�[31mred�]0;title� �evil�\n[bold]\tx�"


def test_help_names_every_strategy(runner: CliRunner) -> None:
    text = runner.invoke(cli, ["reason", "--help"], env={"COLUMNS": "200"}).stdout
    assert all(name in text for name in names())


def test_help_needs_no_heavy_library() -> None:
    heavy = "{'torch', 'transformers', 'streamlit', 'sqlalchemy', 'pydantic', 'yaml'}"
    subprocess.run([sys.executable, "-c", f"import sys, app.cli; assert not {heavy} & set(sys.modules)"], check=True)
