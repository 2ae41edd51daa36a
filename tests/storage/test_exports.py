"""Files for people who work elsewhere."""

import csv
import hashlib
import io
import json
import math
import os
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from stored_examples import NOTE, a_case, a_differential, complete_run, queue, some_text

from reasoning.events import Concluded, Finished, Usage
from storage.database import Database
from storage.errors import StorageError
from storage.exports import export_csv, export_jsonl, read_jsonl
from storage.records import RunWriter, add_feedback, load_run
from storage.values import RunFilter, Verdict


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def exported_csv(database: Database, filter: RunFilter | None = None) -> list[dict[str, str]]:
    out = io.BytesIO()
    export_csv(database, out, filter)
    return rows_of(out.getvalue())


def a_run_that_says(database: Database, diagnosis: str, next_step: str = "") -> str:
    run_id = queue(database)
    with RunWriter(database, run_id) as writer:
        writer.write(Concluded(differential=a_differential(diagnosis).model_copy(update={"next_step": next_step})))
        writer.write(Finished(usage=Usage()))
    return run_id


# JSON Lines


def test_json_lines_lose_nothing(database: Database, tmp_path: Path) -> None:
    ids = [complete_run(database, a_case(title="Ménière 🙂\u2028", text=NOTE + "\nNext line")), queue(database), complete_run(database)]
    first = add_feedback(database, ids[0], diagnosis="Pneumonia", verdict=Verdict.disagree, comment="no")
    add_feedback(database, ids[0], supersedes=first.id, retracted=True)
    out = tmp_path / "runs.jsonl"
    summary = export_jsonl(database, out)
    assert summary.rows == 3
    assert summary.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert list(read_jsonl(out)) == [load_run(database, id) for id in ids]


def test_each_line_is_plain_json_with_a_schema_version(database: Database) -> None:
    complete_run(database)
    complete_run(database)
    out = io.BytesIO()
    export_jsonl(database, out)
    lines = out.getvalue().decode().splitlines()
    assert [json.loads(line)["schema_version"] for line in lines] == [1, 1]
    assert json.loads(lines[0])["run"]["created_at"].endswith("Z")


def test_a_probability_of_nought_is_json_too(database: Database) -> None:
    run_id = queue(database)
    with RunWriter(database, run_id) as writer:
        writer.write(some_text(logprob=-math.inf))
    out = io.BytesIO()
    export_jsonl(database, out)
    json.loads(out.getvalue(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(read_jsonl(io.BytesIO(out.getvalue()))) == [load_run(database, run_id)]


def test_an_export_takes_what_the_filter_says(database: Database) -> None:
    queue(database, strategy="vanilla")
    wanted = complete_run(database)
    out = io.BytesIO()
    assert export_jsonl(database, out, RunFilter(strategy="majority_vote")).rows == 1
    assert [run.id for run in read_jsonl(io.BytesIO(out.getvalue()))] == [wanted]


def test_an_empty_export(database: Database, tmp_path: Path) -> None:
    assert export_jsonl(database, tmp_path / "none.jsonl").rows == 0
    assert list(read_jsonl(tmp_path / "none.jsonl")) == []


def test_a_line_that_cannot_be_read_is_named_and_not_quoted(database: Database) -> None:
    complete_run(database)
    out = io.BytesIO()
    export_jsonl(database, out)
    damaged = out.getvalue() + out.getvalue().replace(b'"schema_version":1', b'"schema_version":2')
    with pytest.raises(StorageError, match=r"^Line 2 is not a run") as caught:
        list(read_jsonl(io.BytesIO(damaged)))
    assert "chest pain" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        list(read_jsonl(tmp_path / "none.jsonl"))


def test_memory_holds_one_run_however_many_are_exported(database: Database) -> None:
    def peak(strategy: str) -> int:
        with Path(os.devnull).open("wb") as out:
            tracemalloc.start()
            export_jsonl(database, out, RunFilter(strategy=strategy))
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return highest

    case = a_case(text=NOTE * 1000)
    for strategy in ["few"] * 2 + ["many"] * 12:
        queue(database, case, strategy=strategy)
    peak("few")  # what is loaded only once
    assert peak("many") < 1.2 * peak("few")


# CSV


def test_one_row_for_every_hypothesis(database: Database) -> None:
    run_id = complete_run(database)
    add_feedback(database, run_id, diagnosis="Pneumonia", verdict=Verdict.disagree)
    queue(database)
    first, second = exported_csv(database)
    assert (first["run_id"], first["rank"], first["diagnosis"], first["icd10"]) == (run_id, "1", "Myocardial infarction", "I21.9")
    assert (first["likelihood"], first["likelihood_low_percent"], first["likelihood_high_percent"]) == ("very likely", "80", "95")
    assert (first["votes_first"], first["votes_listed"], first["votes_samples"]) == ("1", "2", "2")
    assert (first["cannot_miss"], second["cannot_miss"]) == ("yes", "no")
    assert first["supporting"] == "crushing chest pain | sweating"
    assert first["refuting"] == "normal troponin [not found in the note]"
    assert first["missing"] == "ECG | Troponin"
    assert (second["rank"], second["diagnosis"], second["votes_first"], second["verdicts"]) == ("2", "Pneumonia", "", "disagree")


def test_spreadsheets_see_utf8_and_windows_line_ends(database: Database, tmp_path: Path) -> None:
    a_run_that_says(database, "Ménière disease")
    out = tmp_path / "runs.csv"
    summary = export_csv(database, out)
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrun_id,created_at,")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    assert summary.rows == 2
    assert summary.sha256 == hashlib.sha256(content).hexdigest()
    assert rows_of(content)[0]["diagnosis"] == "Ménière disease"


def test_times_are_iso_in_utc(database: Database) -> None:
    a_run_that_says(database, "Flu")
    written = exported_csv(database)[0]["created_at"]
    assert written.endswith("Z")
    assert datetime.fromisoformat(written).utcoffset() is not None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_starts_a_formula(database: Database, start: str) -> None:
    a_run_that_says(database, f'{start}HYPERLINK("http://evil.example")')
    assert exported_csv(database)[0]["diagnosis"] == f'\'{start}HYPERLINK("http://evil.example")'


@pytest.mark.parametrize("text", ['Say "ah", please', "one\r\ntwo", "a,b;c", "1 = 1", "ST-elevation"])
def test_other_cells_are_left_alone(database: Database, text: str) -> None:
    a_run_that_says(database, text, next_step=text)
    assert exported_csv(database)[0]["diagnosis"] == exported_csv(database)[0]["next_step"] == text


# Files


def test_a_file_is_replaced_as_a_whole(database: Database, tmp_path: Path) -> None:
    out = tmp_path / "runs.csv"
    out.write_text("the old export")
    complete_run(database)
    export_csv(database, out)
    assert b"Pneumonia" in out.read_bytes()
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["runs.csv"]


def test_an_export_that_fails_half_way_leaves_the_old_file_and_no_remains(database: Database, tmp_path: Path) -> None:
    complete_run(database)
    damaged = complete_run(database)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE events SET payload = '{}' WHERE run_id = ?", (damaged,))
    out = tmp_path / "runs.jsonl"
    out.write_text("the old export")
    with pytest.raises(StorageError, match="cannot read"):
        export_jsonl(database, out)
    assert out.read_text() == "the old export"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["runs.jsonl"]


def test_a_path_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be written .*: choose a folder you may write to"):
        export_jsonl(database, tmp_path / "no such folder" / "runs.jsonl")
    with pytest.raises(StorageError, match="cannot be written"):
        export_csv(database, tmp_path)


def test_a_full_disk_under_an_export(database: Database) -> None:
    complete_run(database)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("wb", buffering=0) as out, pytest.raises(StorageError, match=r"^The disk that holds .* is full"):
        export_csv(database, out)
