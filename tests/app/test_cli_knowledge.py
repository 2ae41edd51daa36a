"""`soliloquy knowledge`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cases.knowledge
from app.cli import cli
from cases.knowledge import Knowledge, load_knowledge

TEXT = "A 63-year-old woman with rigors after mowing the lawn. Denies weight loss."


@pytest.fixture(name="note")
def _note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_check_counts_conditions_findings_and_wordings(runner: CliRunner) -> None:
    known = load_knowledge()
    result = runner.invoke(cli, ["knowledge", "check"])
    assert result.exit_code == 0
    assert f"{len(known.conditions)} conditions" in result.stdout
    assert f"{len(known.findings)} findings" in result.stdout
    assert str(sum(len(finding.phrasings.lay) for finding in known.findings.values())) in result.stdout
    assert "0 problems" in result.stdout


def test_check_fails_on_problems_and_names_them(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    known = load_knowledge()
    one = next(iter(known.conditions.values())).model_copy(update={"mimics": ("no_such_disease", "another")})
    monkeypatch.setattr(cases.knowledge, "load_knowledge", lambda: Knowledge(known.findings.values(), [one]))
    result = runner.invoke(cli, ["knowledge", "check"])
    assert result.exit_code == 1
    assert f"{one.id}: unknown mimic no_such_disease" in result.stdout
    assert "2 problems" in result.stdout


def test_coverage_of_one_note_says_in_words_what_it_says_in_colour(runner: CliRunner, note: Path) -> None:
    result = runner.invoke(cli, ["knowledge", "coverage", str(note)])
    assert result.exit_code == 0, result.stderr
    shown = " ".join(result.stdout.split())
    assert "rigors [stated: rigors] after mowing" in shown
    assert "[denied: weight loss]" in shown
    assert "Covered by nothing: mowing, lawn" in shown
    assert "Diagnoses without a condition" not in shown


def test_coverage_as_json_is_one_document_with_offsets_into_its_own_text(runner: CliRunner, tmp_path: Path) -> None:
    table = tmp_path / "cases.jsonl"
    rows = [{"id": "a", "vignette": TEXT, "diagnosis": "Gout"}, {"id": "b", "vignette": TEXT, "diagnosis": "Werewolf syndrome"}]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    document = json.loads(runner.invoke(cli, ["knowledge", "coverage", str(table), "--json"]).stdout)
    assert [note["id"] for note in document["notes"]] == ["a", "b"]
    for note in document["notes"]:
        assert all(note["text"][row["start"] : row["end"]] == row["words"] for row in note["findings"])
        assert [note["text"][row["start"] : row["end"]] for row in note["uncovered"]] == ["mowing", "lawn"]
    assert document["total"]["unknown_diagnoses"] == [{"diagnosis": "Werewolf syndrome", "notes": 1}]
    assert {"words": "mowing", "times": 2, "notes": 2} in document["total"]["missed_words"]
    assert len(json.loads(runner.invoke(cli, ["knowledge", "coverage", str(table), "--json", "--limit", "1"]).stdout)["notes"]) == 1


def test_coverage_takes_the_column_of_a_table_and_counts_unusable_rows(runner: CliRunner, tmp_path: Path) -> None:
    table = tmp_path / "clinic.csv"
    table.write_text(f'letter,gold\n"{TEXT}",Gout\n,Gout\n', "utf-8")
    result = runner.invoke(cli, ["knowledge", "coverage", str(table), "--csv", "letter"])
    assert result.exit_code == 0, result.stderr
    assert "1 row could not be used" in result.stderr
    assert "Diagnoses without a condition (0 of 1 named): none" in result.stdout


def test_a_mistake_costs_one_sentence(runner: CliRunner, note: Path, tmp_path: Path) -> None:
    for arguments in (["nowhere.jsonl"], [str(tmp_path / "nothing.txt")], [str(note), "--csv", "text"]):
        result = runner.invoke(cli, ["knowledge", "coverage", *arguments])
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_what_a_terminal_could_obey_is_not_printed(runner: CliRunner, tmp_path: Path) -> None:
    table = tmp_path / "a.jsonl"
    table.write_text(json.dumps({"id": "\x1b[2J", "text": TEXT, "gold": "\x1b]0;owned\x07"}) + "\n", "utf-8")
    assert "\x1b" not in runner.invoke(cli, ["knowledge", "coverage", str(table)]).stdout
