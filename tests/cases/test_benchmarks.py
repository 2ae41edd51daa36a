"""Every benchmark is read in its published format. All rows here are our own, written in that format."""

import json
from pathlib import Path
from typing import Any

import pytest

from cases.benchmarks import DATASETS, BenchmarkItem, UnusableRow, WrongFormat, read_benchmark
from cases.benchmarks.question import asks_for_diagnosis, split_question
from cases.library import load_library

TOE = "A 61-year-old man wakes with a hot, swollen big toe. He drinks beer most evenings."
ASKED = f"{TOE} Which of the following is the most likely diagnosis?"
FIVE = {"A": "Cellulitis", "B": "Gout", "C": "Pseudogout", "D": "Septic arthritis", "E": "Osteoarthritis"}
COLUMNS = {f"op{letter.lower()}": text for letter, text in FIVE.items()}


def written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    if name.endswith(".jsonl"):
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
    elif name.endswith(".json"):
        content = json.dumps(content)
    file.write_text(content, "utf-8")
    return file


def medqa_row(**changes: Any) -> dict[str, Any]:
    return {"question": ASKED, "answer": "Gout", "options": FIVE, "meta_info": "step1", "answer_idx": "B", **changes}


def test_medqa(tmp_path: Path) -> None:
    (item,) = read_benchmark("medqa-5", written(tmp_path, "test.jsonl", [medqa_row()])).items
    assert (item.text, item.question) == (TOE, "Which of the following is the most likely diagnosis?")
    assert (item.options, item.answer, item.diagnosis, item.group) == (tuple(FIVE.values()), "B", "Gout", "step1")


def test_medqa_with_four_options_is_a_set_of_its_own(tmp_path: Path) -> None:
    four = {letter: FIVE[letter] for letter in "ABCD"}
    file = written(tmp_path, "four.jsonl", [medqa_row(options=four)])
    assert read_benchmark("medqa-4", file).items[0].id == "medqa-4-1"
    with pytest.raises(WrongFormat, match=r"four\.jsonl, line 1: there are 4 options, not 5: name the data set medqa-4"):
        read_benchmark("medqa-5", file)


def test_medbullets_is_read_from_a_table_of_columns_and_from_csv(tmp_path: Path) -> None:
    row = {"link": "-", "question": ASKED, **COLUMNS, "answer_idx": "B", "answer": "Gout", "explanation": "Urate."}
    table = written(tmp_path, "op5.json", {name: {"0": value} for name, value in row.items()})
    header, values = ",".join(row), ",".join(f'"{value}"' for value in row.values())
    (from_table,), (from_csv,) = (
        read_benchmark("medbullets-5", file).items for file in (table, written(tmp_path, "op5.csv", f"{header}\n{values},,,,\n"))
    )
    assert from_table == from_csv
    assert (from_table.answer, from_table.diagnosis, len(from_table.options or ())) == ("B", "Gout", 5)


def test_jama_keeps_the_diagnosis_beside_the_right_action(tmp_path: Path) -> None:
    actions = {"opa": "Start allopurinol", "opb": "Give naproxen", "opc": "Aspirate the joint", "opd": "Discharge"}
    row = {
        "id": 0,
        "question": f"{TOE} What Would You Do Next?",
        **actions,
        "diagnosis": "Gout",
        "answer_idx": "C",
        "answer": actions["opc"],
    }
    (item,) = read_benchmark("jama", written(tmp_path, "jama_raw.json", [row])).items
    assert (item.question, item.answer, item.diagnosis) == ("What Would You Do Next?", "C", "Gout")


def test_medxpertqa_takes_the_repeated_options_off_the_question(tmp_path: Path) -> None:
    row = {
        "id": "Text-0",
        "question": f"{ASKED}\nAnswer Choices: (A) Cellulitis (B) Gout",
        "options": FIVE,
        "label": "B",
        "body_system": "Skeletal",
    }
    as_the_authors_evaluate = {**row, "id": "Text-1", "options": [{"letter": k, "content": v} for k, v in FIVE.items()], "label": ["B"]}
    first, second = read_benchmark("medxpertqa", written(tmp_path, "test.jsonl", [row, as_the_authors_evaluate])).items
    assert first.model_copy(update={"id": "Text-1"}) == second
    assert (first.text, first.question, first.answer, first.group) == (TOE, ASKED.removeprefix(TOE).strip(), "B", "Skeletal")


def test_medxpertqa_with_images_is_refused(tmp_path: Path) -> None:
    row = {"id": "MM-0", "question": ASKED, "options": FIVE, "label": "B", "images": ["MM-0-a.jpeg"]}
    with pytest.raises(WrongFormat, match="take the Text part"):
        read_benchmark("medxpertqa", written(tmp_path, "test.jsonl", [row]))


def test_open_xddx_names_no_single_truth_and_keeps_evidence_under_its_diagnosis(tmp_path: Path) -> None:
    supporting = {"Gout": ["hot, swollen  big toe", "likes beer"], "Septic arthritis": ["hot, swollen big toe"]}
    cells = {"Index": "7", "patient_info": TOE, "specialty": "Musculoskeletal", "interpretation": str(supporting)}
    table = written(tmp_path, "open.tsv", "\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n")
    record = {
        "id": "7",
        "vignette": TOE,
        "specialty": "Musculoskeletal",
        "differential": [{"diagnosis": name, "supporting": quotes} for name, quotes in supporting.items()],
    }
    (from_sheet,), (from_lines,) = (read_benchmark("open-xddx", file).items for file in (table, written(tmp_path, "open.jsonl", [record])))
    assert from_sheet == from_lines
    assert (from_sheet.diagnosis, from_sheet.acceptable) == (None, ("Gout", "Septic arthritis"))
    located, own_words, _ = from_sheet.evidence
    assert TOE[located.start : located.end] == "hot, swollen big toe"
    assert (own_words.quote, own_words.start, own_words.diagnosis) == ("likes beer", None, "Gout")


CRAFT = "case_id,case_vignette,choice_1,choice_2,choice_3,choice_4,answer,category,dataset\n"


def test_craft_md_has_a_gold_diagnosis_only_where_one_is_asked_for(tmp_path: Path) -> None:
    choices = "Cellulitis,Gout,Pseudogout,Osteoarthritis"
    rows = [
        f'c1,"{ASKED}",{choices},Gout ,Joints,MedQA_USMLE',
        f'c2,"{TOE}",{choices},Gout,Joints,dermatology_public',
        f'c3,"{TOE} Which of the following confirms the diagnosis?",X-ray,Urate crystals,CRP,ESR,Urate crystals,Joints,MedQA_USMLE',
    ]
    items = read_benchmark("craft-md", written(tmp_path, "craft.csv", CRAFT + "\n".join(rows))).items
    assert [(item.id, item.diagnosis, item.answer) for item in items] == [("c1", "Gout", "B"), ("c2", "Gout", "B"), ("c3", None, "B")]


def test_diagnosis_arena_puts_its_parts_under_headings(tmp_path: Path) -> None:
    row = {
        "id": 4,
        "Case Information": TOE,
        "Physical Examination": "Red first toe joint.",
        "Diagnostic Tests": "Needle-shaped crystals.",
        "Final Diagnosis": "Gout",
        "Options": {letter: FIVE[letter] for letter in "ABCD"},
        "Right Option": "B",
    }
    (item,) = read_benchmark("diagnosisarena", written(tmp_path, "test.jsonl", [row])).items
    assert item.text.startswith(f"Case Information:\n{TOE}\n\nPhysical Examination:\nRed")
    assert (item.id, item.answer, item.diagnosis) == ("4", "B", "Gout")


def test_dxbench_reads_the_text_false_as_absent_and_offers_a_candidate_once(tmp_path: Path) -> None:
    row = {
        "id": "D1",
        "department": "Surgery",
        "explicit_symptoms": [["Swollen toe", "True"]],
        "implicit_symptoms": [["Night pain", "True"], ["Fever", "False"]],
        "candidate_diseases": ["Gout", "Cellulitis", "Gout"],
        "disease": "Gout",
    }
    (item,) = read_benchmark("dxbench", written(tmp_path, "DxBench_en.json", [row])).items
    assert item.text == "Presenting: Swollen toe.\nOn asking: Night pain.\nAbsent: Fever."
    assert (item.options, item.answer, item.diagnosis) == (("Gout", "Cellulitis"), "A", "Gout")


def test_own_cases_in_json_lines(tmp_path: Path) -> None:
    row = {
        "id": "t1",
        "style": "ed_triage",
        "vignette": TOE,
        "diagnosis": "Gout",
        "synonyms": ["Podagra"],
        "also_acceptable_top3": ["Septic arthritis"],
        "cant_miss": ["Septic arthritis"],
        "key_evidence": ["swollen big toe"],
        "difficulty": "easy",
    }
    (item,) = read_benchmark("own", written(tmp_path, "typed.jsonl", [row])).items
    assert (item.diagnosis, item.synonyms, item.acceptable, item.cannot_miss) == (
        "Gout",
        ("Podagra",),
        ("Septic arthritis",),
        ("Septic arthritis",),
    )
    assert (item.difficulty, item.group, item.options) == ("easy", "ed_triage", None)
    assert item.to_case().gold_synonyms == ("Podagra",)


def test_own_cases_in_a_table(tmp_path: Path) -> None:
    text = f'text,gold,synonyms,option_a,option_b,answer\n"{TOE}",Gout,Podagra | Gouty arthritis,Gout,Cellulitis,a\n'
    (item,) = read_benchmark("own", written(tmp_path, "own.csv", text)).items
    assert (item.id, item.synonyms, item.options, item.answer) == ("own-1", ("Podagra", "Gouty arthritis"), ("Gout", "Cellulitis"), "A")


def test_generated_cases_come_with_evidence_and_difficulty() -> None:
    benchmark = read_benchmark("generated:heldout", limit=40)
    assert len(benchmark.items) == 40
    assert {item.difficulty for item in benchmark.items} == {"easy", "medium", "hard"}
    assert all(item.text[e.start : e.end] == e.quote for item in benchmark.items for e in item.evidence)
    assert benchmark.items[:5] == read_benchmark("generated:heldout", limit=5).items


def test_a_row_that_cannot_be_used_is_left_out_and_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "test.jsonl", [medqa_row(), medqa_row(answer="Cellulitis"), medqa_row(question="")])
    benchmark = read_benchmark("medqa-5", file)
    assert [error.place for error in benchmark.left_out] == ["line 2", "line 3"]
    assert len(benchmark.items) == 1
    assert all(isinstance(error, UnusableRow) for error in benchmark.left_out)


def test_errors_repeat_no_case_text(tmp_path: Path) -> None:
    rows = [medqa_row(answer="Cellulitis"), medqa_row(question="toe")]
    with pytest.raises(UnusableRow) as raised:
        read_benchmark("medqa-5", written(tmp_path, "test.jsonl", rows))
    assert "toe" not in str(raised.value)
    assert "beer" not in str(raised.value)


def test_the_limit_counts_items(tmp_path: Path) -> None:
    file = written(tmp_path, "test.jsonl", [medqa_row(question=""), medqa_row(), medqa_row()])
    assert [item.id for item in read_benchmark("medqa-5", file, limit=1).items] == ["medqa-5-2"]


def test_an_id_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    rows = [{"id": "x", "text": TOE, "diagnosis": "Gout"}] * 2
    with pytest.raises(WrongFormat, match="line 2: its id is that of line 1 too"):
        read_benchmark("own", written(tmp_path, "own.jsonl", rows))


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.item])
def test_another_sets_file_is_refused_by_name_and_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongFormat, match=r"^other\.jsonl, line 1: "):
        read_benchmark(name, written(tmp_path, "other.jsonl", [{"unrelated": 1}]))


def test_an_item_is_frozen_and_says_what_is_right() -> None:
    with pytest.raises(ValueError, match="nothing says what is right"):
        BenchmarkItem(id="1", dataset="own", text=TOE)
    with pytest.raises(ValueError, match="letter from A to B"):
        BenchmarkItem(id="1", dataset="own", text=TOE, options=("Gout", "Cellulitis"), answer="C")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (f"{TOE} What is the diagnosis?", "What is the diagnosis?"),
        ("Her temperature is 37.5 C. What is next?", "What is next?"),
        (f"{TOE}\nWhich of the following is the cause:", "Which of the following is the cause:"),
        (TOE, None),
        ("Which of the following lowers urate?", None),
    ],
)
def test_the_last_sentence_is_the_question_when_it_asks_something(text: str, question: str | None) -> None:
    vignette, found = split_question(text)
    assert found == question
    assert vignette == (text.removesuffix(question).strip() if question else text)


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Which of the following is the most likely diagnosis?", True),
        ("What is the most likely underlying diagnosis in this child?", True),
        ("Based on the examination, what is this patient's diagnosis?", True),
        ("Which of the following diagnoses is most likely in this patient?", True),
        ("Which of the following is most likely to confirm the diagnosis?", False),
        ("Which of the following is the best treatment for this patient's most likely diagnosis?", False),
        ("What is the diagnosis and likely outcome?", False),
        ("Which of the following is the most likely cause of this patient's condition?", False),
        (None, False),
    ],
)
def test_a_question_asks_for_a_diagnosis_only_in_known_wordings(question: str | None, asks: bool) -> None:
    assert asks_for_diagnosis(question) is asks


def test_the_teaching_cases_are_a_data_set_with_answers_and_evidence() -> None:
    items, library = read_benchmark("library").items, load_library()
    assert [item.diagnosis for item in items] == [case.gold for case in library]
    assert len({item.id for item in items}) == len(library)
    assert all(item.difficulty and item.group and item.options is None for item in items)
    assert all(evidence.start is not None for item in items for evidence in item.evidence)
