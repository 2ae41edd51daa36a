"""A prompt of another evaluation program, taken apart."""

import pytest

from reasoning.evaluation.prompt_reading import Asked, read_prompt, write_prompt

NOTE = "A 40-year-old man has had a swollen red toe for two days. His urate is 9.1 mg/dL."
QUESTION = "Which of the following is the most likely diagnosis?"
OPTIONS = ("Gout", "Cellulitis", "Septic arthritis")


@pytest.mark.parametrize("mark", ["{})", "{}.", "({})", "{}:"])
def test_case_question_and_options_are_told_apart(mark: str) -> None:
    listed = "\n".join(f"{mark.format(letter)} {option}" for letter, option in zip("ABC", OPTIONS, strict=True))
    assert read_prompt(f"{NOTE} {QUESTION}\n\n{listed}") == Asked(NOTE, QUESTION, OPTIONS)


def test_what_a_template_says_of_the_form_of_the_answer_is_no_part_of_the_case() -> None:
    form = (
        "Answer the following multiple choice question. The last line of your response should be of the following format: "
        "'ANSWER: $LETTER' (without quotes) where LETTER is one of A,B,C. Think step by step before answering."
    )
    assert read_prompt(f"{form}\n\n{NOTE}\n{QUESTION}\n\nA) Gout\nB) Cellulitis\nC) Septic arthritis") == Asked(NOTE, QUESTION, OPTIONS)
    free = 'Reason first. Provide your answer at the end on its own line in the form "ANSWER: $ANSWER" (without quotes).'
    assert read_prompt(f"{NOTE}\n\n{free}") == Asked(NOTE)


def test_letters_inside_the_case_are_no_options() -> None:
    text = "A. Smith, 40, has a red toe.\nHepatitis serology:\nA) immune\nB) negative\nThe toe is hot and swollen."
    asked = read_prompt(f"{text}\n{QUESTION}\nA) Gout\nB) Cellulitis\n\nRemember to be brief.")
    assert (asked.text, asked.options) == (text, ("Gout", "Cellulitis"))
    assert read_prompt("A. Smith, 40, has a red toe.").options == ()


def test_options_have_to_run_on_from_a() -> None:
    assert read_prompt(f"{NOTE}\nB) Gout\nC) Cellulitis").options == ()
    assert read_prompt(f"{NOTE}\nA) Gout\nC) Cellulitis").options == ()
    assert read_prompt(f"{NOTE}\nA) Gout\nB) Cellulitis\nD) Bunion").options == ("Gout", "Cellulitis")


def test_what_was_written_is_read_again() -> None:
    broken = ("Gout,\nacute", "Cellulitis")
    assert read_prompt(write_prompt(f"{NOTE}\n{QUESTION}", broken)) == Asked(NOTE, QUESTION, ("Gout, acute", "Cellulitis"))
    assert read_prompt(write_prompt(NOTE)) == Asked(NOTE)
