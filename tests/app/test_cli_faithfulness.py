"""`soliloquy faithfulness`: interventions on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli

COMMAND = ["faithfulness", "--strategy", "longstep"]


def test_the_command_prints_a_table_and_keeps_rows_figures_and_report(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "work"
    result = runner.invoke(cli, [*COMMAND, "--limit", "4", "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    assert "4 cases" in result.stdout
    assert "the trace decorates the answer" in result.stdout, "the rehearsal engine answers from the case, whatever the trace says"
    heads = {line.split("  ")[0] for line in result.stdout.splitlines()}
    assert {"change", "same", "cut 0", "cut 75", "negate", "swap", "swap evidence", "swap conclusion", "replace", "filler"} <= heads
    assert {"steps kept", "0 %", "100 %"} <= heads
    assert sorted(path.name for path in out.iterdir()) == ["changed.jsonl", "run.json", "summary.json", "summary.md", "unchanged.jsonl"]
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["cases"], summary["run"]["strategy"], summary["run"]["dataset"]) == (4, "longstep", "generated:heldout")
    assert all(row["first_changes"]["hits"] == 0 for row in summary["changes"])
    assert "How to read this" in (out / "summary.md").read_text("utf-8")

    written = (out / "changed.jsonl").read_bytes()
    again = runner.invoke(cli, [*COMMAND, "--limit", "3", "--kinds", "cut, filler", "--out", str(out)])
    assert again.exit_code == 0, again.stderr
    assert (out / "changed.jsonl").read_bytes() == written, "what is there is not asked again"
    assert json.loads((out / "summary.json").read_text("utf-8"))["cases"] == 3


def test_own_cases_can_be_asked_about(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"text": "A swollen red toe since yesterday.", "diagnosis": "Gout"}\n', "utf-8")
    result = runner.invoke(cli, [*COMMAND, "own", "--data", str(file), "--kinds", "filler", "--out", str(tmp_path / "work")])
    assert result.exit_code == 0, result.stderr
    assert json.loads((tmp_path / "work" / "run.json").read_text("utf-8"))["dataset"] == "own, own.jsonl"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "longstep", "--kinds", "cut,shout"], "no change 'shout'"),
        (["-s", "vanilla"], "no single trace"),
        (["-s", "majority_vote"], "no single trace"),
        (["-s", "longstep", "nothing"], "no such data set"),
        (["-s", "longstep", "medqa-4"], "give its path"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(arguments: list[str], said: str, runner: CliRunner, home: Path, tmp_path: Path) -> None:
    result = runner.invoke(cli, ["faithfulness", *arguments, "--out", str(tmp_path / "work")])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_of_other_work_is_not_mixed_with(runner: CliRunner, home: Path, tmp_path: Path) -> None:
    first = [*COMMAND, "--limit", "1", "--kinds", "filler", "--out", str(tmp_path / "work")]
    assert runner.invoke(cli, first).exit_code == 0
    result = runner.invoke(cli, ["faithfulness", "--strategy", "longmonolog", *first[3:]])
    assert (result.exit_code, "choose another folder" in result.stderr) == (2, True)
    (tmp_path / "file").write_text("", "utf-8")
    assert runner.invoke(cli, [*first[:-1], str(tmp_path / "file")]).exit_code == 2
