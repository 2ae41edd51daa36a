"""One question, answered in words that another evaluation program can read."""

import pytest

from cases.case import CaseError
from cases.knowledge import load_knowledge
from reasoning.engines.engine import EngineError, ModelCard
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.answering import NOT_PUT, Answered, answer
from reasoning.evaluation.prompt_reading import Asked
from reasoning.strategies import Budget, build

KNOWLEDGE = load_knowledge()
NOTE = "A 40-year-old man has had a swollen red toe for two days."
QUESTION = "Which of the following is the most likely diagnosis?"
OPTIONS = ("Cellulitis", "Gout", "Bunion")
CLOSED = ModelCard(id="closed", prompt_family="demonstration")
DIFFERENTIAL = "".join(
    f'{rank}. {name} | {status} | {word}\nfor: "red toe"\nagainst: none\nmissing: none\n'
    for rank, name, status, word in (
        (1, "Septic arthritis", "leading", "likely"),
        (2, "Acute gout", "plausible", "possible"),
        (3, "Cellulitis", "unlikely", "unlikely"),
    )
)
LISTED = ["So: a hot joint.</think>", f"{DIFFERENTIAL}unexplained: none\nnext: joint aspiration\n</answer>"]


def answered(asked: Asked, *replies: list[str], card: ModelCard | None = None, strategy: str = "cot", **parameters: object) -> Answered:
    return answer(ScriptedEngine(replies, card=card), build(strategy, **parameters), Budget(), asked, KNOWLEDGE)


def test_a_model_that_knows_letters_is_shown_the_options() -> None:
    result = answered(Asked(NOTE, QUESTION, OPTIONS), ["Urate.</think>", "The answer is B.\n</answer>"])
    assert "B. Gout" in (result.run.started.prompt if result.run.started else "")
    assert (result.letter, result.text.splitlines()[-1]) == ("B", "ANSWER: B")
    assert result.run.samples[0].trace.text == "Urate."


def test_chains_vote_with_their_letters() -> None:
    replies = [["x</think>", f"The answer is {letter}.</answer>"] for letter in "ABB"]
    assert answered(Asked(NOTE, QUESTION, OPTIONS), *replies, strategy="majority_vote", samples=3, inner="cot").letter == "B"


def test_elsewhere_the_first_listed_diagnosis_that_is_an_option_is_chosen() -> None:
    result = answered(Asked(NOTE, QUESTION, OPTIONS), LISTED, card=CLOSED)
    assert (result.letter, result.text.splitlines()[-1]) == ("B", "ANSWER: B")
    assert result.text.startswith("1. Septic arthritis | leading | likely")
    assert NOT_PUT not in result.warnings


def test_an_option_that_is_not_listed_is_not_guessed() -> None:
    result = answered(Asked(NOTE, QUESTION, ("Malaria", "Bunion")), LISTED, card=CLOSED)
    assert result.letter is None
    assert "ANSWER" not in result.text
    assert result.text.endswith("No option could be read.")


def test_a_free_question_gets_the_differential_and_ends_in_its_leading_diagnosis() -> None:
    result = answered(Asked(NOTE), LISTED)
    assert (result.letter, result.text.splitlines()[-1]) == (None, "ANSWER: Septic arthritis")


@pytest.mark.parametrize(("question", "told"), [(None, False), (QUESTION, False), ("What is the next step in management?", True)])
def test_a_question_that_a_differential_does_not_answer_is_told(question: str | None, told: bool) -> None:
    assert (NOT_PUT in answered(Asked(NOTE, question), LISTED).warnings) is told


def test_an_unreadable_reply_is_a_result_and_a_broken_engine_is_an_error() -> None:
    unreadable = answered(Asked(NOTE), ["x</think>", "no idea</answer>"])
    assert unreadable.text.endswith("No diagnosis could be read.")
    with pytest.raises(EngineError, match="give it more"):
        answered(Asked(NOTE))


def test_a_text_that_cannot_be_a_case_is_refused() -> None:
    with pytest.raises(CaseError):
        answered(Asked(""), LISTED)
