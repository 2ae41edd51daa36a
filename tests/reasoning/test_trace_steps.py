import random
import time

import pytest

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.trace import StepKind as K
from reasoning.trace_steps import closed_steps, cut
from reasoning.training.texts import TRACES, weigh

FREE = """Okay, so I have a 63-year-old woman with sudden breathlessness. She also had an operation.

The note says her calf is swollen. The exam shows a fast pulse.

My first thought is pulmonary embolism. What else could it be? Pneumothorax, perhaps.

Consider pneumothorax: nothing on auscultation. Wait, nobody percussed. Hmm, that is thin.

The weather was nice.

So, in order: embolism, then pneumothorax."""

NUMBERED = """Step 1: Summarise the case
A man of 40.

Step 2: Possible diagnoses to consider
- A
- B

**Step 3: Evaluate the evidence**
A fits.
**Ruling out**
1. B does not fit
2. C neither
### Re-evaluate
All good.
4. **Final answer:** A"""


def traces() -> list[str]:
    knowledge = load_knowledge()
    found = [FREE, NUMBERED, "", " ", "\n\n", "a", ".", "...\n \n. x", "## ", "1. ", "Wait.", "**", "é\u2028\u2029\x0b\r\n A.\tB! C"]
    for seed in range(25):
        case = generate_case(seed, "heldout", knowledge)
        found += [write(knowledge, case, weigh(knowledge, case), random.Random(seed)) for write in TRACES.values()]
    draw = random.Random(5)
    pieces = [
        "## Findings\n",
        "Wait, ",
        "no. ",
        "\n",
        "\n\n",
        " ",
        "Step 2: ",
        "**Hypotheses**",
        "a b c",
        "...",
        "1. ",
        "- x\n",
        "Conclusion:\n",
        '"q."',
        "Consider x. ",
        "é",
        "\t",
        "#",
        "*",
    ]
    found += ["".join(draw.choice(pieces) for _ in range(draw.randrange(1, 40))) for _ in range(400)]
    return found


@pytest.fixture(scope="module", name="texts")
def _texts() -> list[str]:
    return traces()


def test_no_character_is_lost(texts: list[str]) -> None:
    for text in texts:
        trace = cut(text)
        assert "".join(step.text for step in trace.steps) == trace.text == text
        assert all(step.text for step in trace.steps)


def test_closed_steps_never_change(texts: list[str]) -> None:
    draw = random.Random(2)
    for text in texts:
        final = cut(text).steps
        for _ in range(12):
            early = closed_steps(text[: draw.randrange(len(text) + 1)])
            assert final[: len(early)] == early


def test_longstep_is_cut_at_its_headings() -> None:
    knowledge = load_knowledge()
    case = generate_case(3, "train", knowledge)
    kinds = [step.kind for step in cut(TRACES["longstep"](knowledge, case, weigh(knowledge, case), random.Random(1))).steps]
    assert kinds == [K.problem_representation, K.findings, K.hypotheses, K.evidence, K.elimination, K.conclusion]


def test_longmonolog_has_the_shape_of_its_thought() -> None:
    knowledge = load_knowledge()
    for seed in range(30):
        case = generate_case(seed, "train", knowledge)
        kinds = [step.kind for step in cut(TRACES["longmonolog"](knowledge, case, weigh(knowledge, case), random.Random(seed))).steps]
        assert kinds == [K.problem_representation, K.findings, K.hypotheses, K.evidence, K.reconsideration, K.conclusion], seed
        assert K.text not in kinds


def test_short_chain_is_cut_by_sentences() -> None:
    knowledge = load_knowledge()
    for seed in range(20):
        case = generate_case(seed, "train", knowledge)
        kinds = [step.kind for step in cut(TRACES["cot"](knowledge, case, weigh(knowledge, case), random.Random(1))).steps]
        assert kinds[:3] == [K.problem_representation, K.findings, K.hypotheses]
        assert kinds[-1] is K.conclusion


def test_free_monologue() -> None:
    kinds = [step.kind for step in cut(FREE).steps]
    assert kinds == [K.problem_representation, K.findings, K.hypotheses, K.evidence, K.reconsideration, K.text, K.conclusion]


def test_numbered_steps_and_titles() -> None:
    trace = cut(NUMBERED)
    assert [step.kind for step in trace.steps] == [
        K.problem_representation,
        K.hypotheses,
        K.evidence,
        K.elimination,
        K.reconsideration,
        K.conclusion,
    ]
    assert "2. C neither" in trace.steps[3].text


def test_what_cannot_be_classified_stays_text() -> None:
    assert [step.kind for step in cut("Nothing here carries any cue, it just goes on.").steps] == [K.text]


def test_cutting_is_linear() -> None:
    start = time.perf_counter()
    cut(("a" * 5000 + " ") * 20 + "." * 20_000 + "\n" * 20_000 + "**" * 5000 + " \t" * 10_000)
    assert time.perf_counter() - start < 3
