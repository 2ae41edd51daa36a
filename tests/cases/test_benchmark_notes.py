"""The notes of any table, whatever it was published for."""

import json
from pathlib import Path

import pytest

from cases.benchmarks import UnusableRow, WrongFormat
from cases.benchmarks.notes import TABLES, read_notes
from cases.benchmarks.rows import read_rows

NOTE = "A 40-year-old man has had a swollen red toe for two days."


def lines(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("column", ["text", "vignette"])
def test_a_note_needs_no_diagnosis(tmp_path: Path, column: str) -> None:
    read = read_notes(lines(tmp_path / "a.jsonl", {column: NOTE}, {column: NOTE, "gold": "Gout", "synonyms": ["Podagra"]}))
    assert [(note.text, note.diagnoses) for note in read.rows] == [(NOTE, ()), (NOTE, (("Gout", "Podagra"),))]
    assert read.dataset is None


def test_a_published_set_is_read_by_its_own_reader_without_its_question(tmp_path: Path) -> None:
    row = {
        "question": f"{NOTE} Which of the following is the most likely diagnosis?",
        "options": {"A": "Gout", "B": "Cellulitis", "C": "Pseudogout", "D": "Bunion", "E": "Chilblain"},
        "answer_idx": "A",
        "answer": "Gout",
    }
    read = read_notes(lines(tmp_path / "medqa.jsonl", row))
    assert (read.dataset, read.rows[0].text, read.rows[0].diagnoses) == ("medqa-5", NOTE, (("Gout",),))


def test_every_diagnosis_of_an_expert_differential_is_named(tmp_path: Path) -> None:
    row = {"vignette": NOTE, "differential": [{"diagnosis": name, "supporting": ["red toe"]} for name in ("Gout", "Cellulitis")]}
    assert read_notes(lines(tmp_path / "xddx.jsonl", row)).rows[0].diagnoses == (("Gout",), ("Cellulitis",))


def test_the_column_of_the_note_can_be_named(tmp_path: Path) -> None:
    table = tmp_path / "clinic.csv"
    table.write_text(f'letter,gold\n"{NOTE}",Gout\n', "utf-8")
    assert read_notes(table, "letter").rows[0].text == NOTE
    with pytest.raises(
        WrongFormat, match="there is no column `text` or `vignette`: name the one that holds the note; there are letter, gold"
    ):
        read_notes(table)


def test_rows_without_a_usable_note_are_left_out_and_counted(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"text": ""}, {"text": "toe"}, {"text": NOTE}, {"text": NOTE})
    read = read_notes(file, limit=1)
    assert (len(read.rows), len(read.left_out)) == (1, 2)
    assert "line 2" in str(read.left_out[1])
    with pytest.raises(UnusableRow, match="line 1"):
        read_notes(lines(tmp_path / "b.jsonl", {"text": ""}))


@pytest.mark.parametrize("ending", TABLES)
def test_every_ending_of_a_table_has_a_reader(tmp_path: Path, ending: str) -> None:
    with pytest.raises(WrongFormat) as error:
        list(read_rows(tmp_path / f"missing{ending}"))
    assert "cannot be read" in str(error.value)
