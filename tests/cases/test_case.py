"""read_case takes any reasonable note and refuses the rest in words that help, without repeating the note."""

import pytest

from cases.case import MAXIMUM_CHARACTERS, CaseError, Origin, read_case

NOTE = "A 54-year-old man with chest pain for two hours."


def test_a_note_becomes_a_case() -> None:
    case = read_case(NOTE, title="Monday", origin=Origin.benchmark, gold="Gout", id="case-1")
    assert (case.text, case.title, case.origin, case.gold, case.id) == (NOTE, "Monday", Origin.benchmark, "Gout", "case-1")
    assert case.warnings == ()


def test_two_cases_never_share_an_id() -> None:
    assert read_case(NOTE).id != read_case(NOTE).id


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", b"", b"  \n"])
def test_an_empty_note_is_refused(text: str | bytes) -> None:
    with pytest.raises(CaseError, match="empty"):
        read_case(text)


@pytest.mark.parametrize("text", ["pain", "chest pain", "?", "haemoptysis"])
def test_a_word_or_two_is_refused_and_what_to_write_is_said(text: str) -> None:
    with pytest.raises(CaseError, match=r"too short.*at least the age"):
        read_case(text)


def test_three_words_are_enough() -> None:
    assert read_case("72M chest pain").text == "72M chest pain"


def test_a_note_of_200_kb_is_refused_with_both_numbers() -> None:
    with pytest.raises(CaseError, match=r"200,000 characters; the limit is 20,000"):
        read_case("x" * 200_000)


def test_a_note_of_exactly_the_limit_is_taken() -> None:
    assert len(read_case("ab " * (MAXIMUM_CHARACTERS // 3) + "ab").text) == MAXIMUM_CHARACTERS


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), b"PK\x03\x04\x14\x00\x06\x00docx", bytes(4000)])
def test_a_binary_file_is_refused(data: bytes) -> None:
    with pytest.raises(CaseError, match="binary file"):
        read_case(data)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "Fièvre depuis trois jours".encode("latin-1"), NOTE.encode("utf-16-le")[1:]]
)
def test_a_file_in_another_encoding_is_refused(data: bytes) -> None:
    with pytest.raises(CaseError):
        read_case(data)


def test_a_byte_order_mark_is_not_part_of_the_note() -> None:
    case = read_case(b"\xef\xbb\xbf" + NOTE.encode())
    assert (case.text, case.warnings) == (NOTE, ())


def test_control_characters_are_removed_and_counted() -> None:
    case = read_case("A 54-year-old\x07 man\x1b with chest\u200b pain\x00 for two hours.")
    assert case.text == NOTE
    assert case.warnings == ("4 control or invisible characters were removed from the note.",)


def test_a_note_made_of_control_characters_is_refused() -> None:
    with pytest.raises(CaseError, match="control characters"):
        read_case("a\x01b\x02c\x03 d e f")


def test_a_right_to_left_override_cannot_hide_in_the_note() -> None:
    assert "\u202e" not in read_case(f"{NOTE} \u202ehidden").text


def test_a_lone_surrogate_does_not_survive() -> None:
    read_case(f"{NOTE} \ud800").text.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "患者五十四岁男性，胸痛两小时，出汗，恶心。",
        "رجل عمره ٥٤ سنة يعاني من ألم في الصدر منذ ساعتين",
        "Мужчина 54 лет, боль в груди в течение двух часов",
        "५४ वर्षीय पुरुष को दो घंटे से सीने में दर्द है",
        "Άνδρας 54 ετών με θωρακικό άλγος",
        "Homem de 54 anos, dor torácica 😣 há 2 h, T 38,2 °C, SpO₂ 94 %",
    ],
)
def test_a_note_in_another_script_is_kept_as_it_is(text: str) -> None:
    case = read_case(text)
    assert (case.text, case.warnings) == (text, ())
    assert read_case(text.encode()).text == text


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_every_kind_of_line_break_becomes_a_newline(newline: str) -> None:
    case = read_case(newline.join(["54M", "chest pain\t2 h", "", "BP 90/60", ""]))
    assert case.text == "54M\nchest pain\t2 h\n\nBP 90/60"
    assert case.warnings == ()


def test_letters_with_combining_accents_are_composed() -> None:
    assert read_case("Guillain-Barre\u0301 was thought of").text == "Guillain-Barré was thought of"


@pytest.mark.parametrize("text", ["secretword", "secretword " * 5000, b"secretword \xff\xfe", "secretword\x01\x02\x03\x04"])
def test_a_refusal_never_repeats_the_note(text: str | bytes) -> None:
    with pytest.raises(CaseError) as refusal:
        read_case(text)
    assert "secretword" not in str(refusal.value)
