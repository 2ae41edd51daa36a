"""The journey in miniature: every stage runs, is not done twice, and ends in a table of what was measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from cases.generator import generate_case
from reasoning.journey.demo import FULL, QUICK, Scale, Size, run_demo
from reasoning.journey.lines import read_rows
from reasoning.journey.record import JourneyError, JourneyRecord, to_case

TINY = Scale(
    sizes=(Size("tiny", 0.03, 64, 3, 2, 128), Size("small", 0.03, 64, 4, 2, 192)),
    tried=8, keep=4, minutes=0.02, cases=2, voted=2, votes=2, thinking_tokens=24, answer_tokens=96, tokenizer_examples=4, compiled=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder, said = tmp_path_factory.mktemp("journey"), list[str]()
    run_demo(folder, TINY, said.append)
    return folder, said


def test_the_table_has_every_way_of_thinking_alone_and_voted_for_both_sizes(journey: tuple[Path, list[str]]) -> None:
    rows = [
        line.split(" | ") for line in (journey[0] / "journey.md").read_text("utf-8").splitlines() if line.startswith(("| tiny", "| small"))
    ]
    assert [row[1] for row in rows[:10]] == [
        "Direct answer", "Chain of thought", "Direct answer, vote of 2", "Chain of thought, vote of 2",
        "Chain of thought, tuned", "LongStep, tuned", "LongMonolog, tuned",
        "Chain of thought, tuned, vote of 2", "LongStep, tuned, vote of 2", "LongMonolog, tuned, vote of 2",
    ]  # fmt: skip
    assert len(rows) == 20
    assert {row[2] for row in rows} == {"2"}


def test_the_ceiling_and_the_baselines_stand_beside_it(journey: tuple[Path, list[str]]) -> None:
    text = (journey[0] / "journey.md").read_text("utf-8")
    assert "naive Bayes over words" in text
    assert "posterior" in text


def test_no_trace_was_made_of_a_case_that_is_asked(journey: tuple[Path, list[str]]) -> None:
    asked = {generate_case(seed, "heldout").case.text for seed in range(TINY.cases)}
    records = [record for file in (journey[0] / "data").glob("*.jsonl") for record in read_rows(file, JourneyRecord)]
    assert len(records) > 3 * TINY.keep
    assert not {to_case(record).text for record in records} & asked


def test_a_finished_journey_is_not_made_again(journey: tuple[Path, list[str]]) -> None:
    weights = journey[0] / "tiny" / "base" / "model.safetensors"
    before, said = weights.stat().st_mtime_ns, list[str]()
    run_demo(journey[0], TINY, said.append)
    assert weights.stat().st_mtime_ns == before
    assert not any("step" in line or "learnt" in line for line in said)


@pytest.mark.parametrize("size", [*QUICK.sizes, *FULL.sizes], ids=lambda size: f"{size.name}-{size.width}")
def test_every_base_has_a_shape_that_nf4_can_pack(size: Size) -> None:
    assert size.width % 64 == size.inner % 64 == 0
    assert size.width % size.heads == 0


def test_a_folder_holds_one_scale(journey: tuple[Path, list[str]]) -> None:
    with pytest.raises(JourneyError, match="another scale"):
        run_demo(journey[0], replace(TINY, cases=3))
