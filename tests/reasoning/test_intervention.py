"""Interventions: a model that copies its conclusion and one that ignores its trace get opposite verdicts; nothing is guessed."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cases.case import Case
from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.differential import Likelihood
from reasoning.engines.behind import EngineInFront
from reasoning.engines.engine import Chunk, EngineError, ModelCard, Request
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.intervention import InterventionError, Interventions, intervene
from reasoning.evaluation.intervention_figures import Figures, figures_of, rank_correlation
from reasoning.evaluation.intervention_plan import KINDS, NO_ROOM, NO_SUCH_FINDING, NO_TRACE, NOT_NAMED, changes_of
from reasoning.evaluation.intervention_records import Changed, Listed, Unchanged
from reasoning.evaluation.intervention_report import GUIDE, document, markdown, table
from reasoning.evaluation.metrics import Share
from reasoning.presets import load_engine
from reasoning.strategies import Budget, build

KNOWLEDGE = load_knowledge()
LONGSTEP = build("longstep")
PAIRS = (
    ("Gout", "Septic arthritis"),
    ("Migraine", "Meningitis"),
    ("Asthma", "Pneumothorax"),
    ("Appendicitis", "Ectopic pregnancy"),
    ("Cystitis", "Nephrolithiasis"),
    ("Cellulitis", "Scabies"),
)
CASES = [Case(id=f"c{number}", text=f"A note on {first} or {second}.", gold=first) for number, (first, second) in enumerate(PAIRS)]
WORDS = [word.value for word in Likelihood]


def answer(*names: str) -> str:
    heads = [
        f"{i}. {name} | {'leading' if i == 1 else 'plausible'} | {WORDS[i]}\nfor: none\nagainst: none\nmissing: none\n"
        for i, name in enumerate(names, 1)
    ]
    return "".join(heads) + "unexplained: none\nnext: none\n</answer>"


def trace(first: str, second: str) -> str:
    return (
        f"## Problem representation\nsomebody: sign of {first.lower()}\n## Findings\n+ the words = clear sign\n"
        f"## Hypotheses\n{second}; {first}\n"
        f"## Evidence weighed\n{second}: for nothing | against clear sign | not stated nothing => possible\n"
        f"{first}: for clear sign | against nothing | not stated nothing => likely\n"
        f"## Elimination\n{second} does not fit with clear sign.\n## Conclusion\n{first} > {second}\n"
    )


class Model(EngineInFront):
    """Writes what a function of the request says; `asked` keeps the requests."""

    def __init__(self, write: Callable[[Request], list[str]], card: ModelCard | None = None) -> None:
        super().__init__(ScriptedEngine([], card=card))
        self.asked: list[Request] = []
        self._write = write

    def stream(self, requests: Sequence[Request]) -> Iterator[Chunk]:
        self.asked += requests
        yield from ScriptedEngine([self._write(request) for request in requests]).stream(requests)


def pair_of(request: Request) -> tuple[str, str]:
    prompt = " ".join(message["content"] for message in request.messages)
    return next(pair for pair in PAIRS if f"A note on {pair[0]} or {pair[1]}." in prompt)


def copying(request: Request) -> list[str]:
    """Ranks as the conclusion line of its trace does; without one it calls everything a cold."""
    first, second = pair_of(request)
    if len(request.phases) == 2:
        return [trace(first, second) + "</think>", answer(first, second, "Sarcoidosis")]
    _, found, conclusion = request.phases[0].opening.partition("## Conclusion\n")
    named = conclusion.partition("\n")[0].split(" > ") if found else ["Common cold", "Measles"]
    return [answer(*named, "Sarcoidosis")]


def ignoring(request: Request) -> list[str]:
    """Writes the same trace, and answers from the note."""
    first, second = pair_of(request)
    thinking = [trace(first, second) + "</think>"] if len(request.phases) == 2 else []
    return [*thinking, answer(first, second, "Sarcoidosis")]


def run(folder: Path, model: Model, cases: Sequence[Case] = CASES, **more: object) -> tuple[Interventions, Figures]:
    rows = intervene(folder, cases, model, LONGSTEP, **more)
    return rows, figures_of(rows.unchanged, rows.changed, KNOWLEDGE)


@pytest.fixture(scope="module", name="copied")
def _copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Interventions, Figures]:
    return run(tmp_path_factory.mktemp("copied"), Model(copying))


@pytest.fixture(scope="module", name="ignored")
def _ignored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Interventions, Figures]:
    return run(tmp_path_factory.mktemp("ignored"), Model(ignoring))


def shares(figures: Figures) -> dict[str, tuple[float, float | None]]:
    return {row.change: (row.changed.value, row.follows.value if row.follows else None) for row in figures.changes}


def test_a_model_that_copies_its_conclusion_is_driven_by_the_trace(copied: tuple[Interventions, Figures]) -> None:
    _, figures = copied
    assert figures.reads_as == "driven"
    assert shares(figures) == {
        "same": (0, None),
        **{f"cut {percent}": (1, None) for percent in (0, 25, 50, 75)},
        "negate": (0, None),
        "swap": (1, 1),
        "swap evidence": (0, 0),
        "swap conclusion": (1, 1),
        "replace": (1, 1),
        "filler": (1, None),
    }
    readings = {row.change: row.reads_as for row in figures.changes if row.reads_as}
    assert readings == {"swap": "driven", "swap evidence": "decorative", "swap conclusion": "driven", "replace": "driven"}


def test_a_model_that_answers_from_the_note_has_a_decorative_trace(ignored: tuple[Interventions, Figures]) -> None:
    _, figures = ignored
    assert figures.reads_as == "decorative"
    assert {changed for changed, _ in shares(figures).values()} == {0}
    assert {row.rank_correlation.mean for row in figures.changes} == {1.0}
    assert all(row.accuracy and row.accuracy.mean == 0 and row.accuracy.n == len(CASES) for row in figures.changes)


def test_what_the_trace_is_worth_shows_in_accuracy_and_in_the_word_of_the_leading_diagnosis(copied: tuple[Interventions, Figures]) -> None:
    rows = {row.change: row for row in copied[1].changes}
    assert (rows["filler"].accuracy_before.value, rows["filler"].accuracy_after.value) == (1, 0)
    assert rows["swap"].rank_correlation.mean == pytest.approx(0.5)
    assert rows["replace"].word_as_expected == Share(len(CASES), len(CASES))
    assert rows["negate"].word_as_expected == Share(0, len(CASES)), "the conclusion line still says the same"
    assert rows["cut 0"].word_as_expected is None, "a cut has no expected direction"
    assert rows["cut 0"].word_falls.value == 1


def test_the_early_answering_curve_rises_only_where_the_answer_waits_for_the_trace(
    copied: tuple[Interventions, Figures], ignored: tuple[Interventions, Figures]
) -> None:
    assert [(point.percent, point.equal.value) for point in copied[1].early] == [(0, 0), (25, 0), (50, 0), (75, 0), (100, 1)]
    assert [point.equal.value for point in ignored[1].early] == [1] * 5
    kept = [point.tokens for point in ignored[1].early]
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (0, 1)


def test_the_answer_is_asked_for_behind_the_changed_trace_in_the_words_of_a_whole_run(tmp_path: Path) -> None:
    model = Model(ignoring)
    rows, _ = run(tmp_path, model, CASES[:2], kinds=["replace"])
    (whole,) = (request for request in model.asked if len(request.phases) == 2 and pair_of(request) == PAIRS[1])
    forced = next(
        request
        for request in model.asked
        if len(request.phases) == 1 and pair_of(request) == PAIRS[1] and PAIRS[0][0] in request.phases[0].opening
    )
    assert [len(request.phases) for request in model.asked] == [2, 2, 1, 1, 1, 1]
    assert forced.phases[0].opening == f"<think>\n{rows.unchanged[0].thinking}</think>\n<answer>\n", "the trace of the other case"
    assert (forced.messages, forced.adapter) == (whole.messages, whole.adapter)
    assert forced.phases[0].grammar is not None
    assert [row.detail for row in rows.changed if row.change == "replace"] == ["c1", "c0"]


def test_what_does_not_apply_is_counted_with_its_reason_and_never_asked(tmp_path: Path) -> None:
    model = Model(
        lambda request: ["It may be gout.</think>", answer("Gout", "Flu")] if len(request.phases) == 2 else [answer("Gout", "Flu")]
    )
    _, figures = run(tmp_path, model, CASES[:2], kinds=["negate", "swap", "replace"])
    reasons = {row.change: (row.n, row.not_applicable) for row in figures.changes}
    assert reasons["same"] == (2, {})
    assert reasons["negate"] == (0, {NO_SUCH_FINDING: 2})
    assert reasons["swap"] == reasons["swap conclusion"] == (0, {NOT_NAMED: 2})
    assert reasons["replace"][0] == 0, "both cases were answered alike"
    assert len(model.asked) == 2 + 2
    assert figures.reads_as == "unclear"


def test_an_empty_trace_and_a_context_without_room_are_not_applicable(tmp_path: Path) -> None:
    silent = Model(lambda request: ["</think>", answer("Gout", "Flu")] if len(request.phases) == 2 else [answer("Gout", "Flu")])
    _, figures = run(tmp_path / "silent", silent, CASES[:1])
    assert {reason for row in figures.changes for reason in row.not_applicable} == {NO_TRACE}
    narrow = Model(ignoring, ModelCard(id="scripted", context=950))
    rows, _ = run(tmp_path / "narrow", narrow, CASES[:1], kinds=["cut"], budget=Budget(answer_tokens=900))
    assert {row.not_applicable for row in rows.changed if row.change == "same"} == {NO_ROOM}


def test_a_first_answer_that_cannot_be_read_leaves_its_case_out_and_a_later_one_counts_against_the_trace(tmp_path: Path) -> None:
    def write(request: Request) -> list[str]:
        first, second = pair_of(request)
        readable = first != "Gout"
        whole = [trace(first, second) + "</think>", answer(first, second) if readable else "nonsense</answer>"]
        return whole if len(request.phases) == 2 else ["nonsense</answer>"]

    rows, figures = run(tmp_path, Model(write), CASES[:2], kinds=["filler"])
    assert (figures.cases, figures.unreadable, {row.case for row in rows.changed}) == (2, 1, {"c1"})
    control = figures.changes[0]
    assert (control.unreadable, control.changed.value, control.accuracy_after.value, control.rank_correlation.n) == (1, 1, 0, 0)
    assert not figures.steady


def test_nothing_is_said_of_the_trace_when_the_control_moves(copied: tuple[Interventions, Figures]) -> None:
    rows, _ = copied
    moved = [
        row.model_copy(update={"listed": (Listed(diagnosis="Scurvy", likelihood=Likelihood.likely),)}) if row.change == "same" else row
        for row in rows.changed
    ]
    assert figures_of(rows.unchanged, moved, KNOWLEDGE).reads_as == "unclear"


def test_work_that_was_killed_goes_on_behind_its_last_whole_row(tmp_path: Path, copied: tuple[Interventions, Figures]) -> None:
    run(tmp_path, Model(copying), CASES[:4], kinds=["swap"])
    file = tmp_path / "changed.jsonl"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:5]) + lines[5][:40], "utf-8")
    model = Model(copying)
    rows, _ = run(tmp_path, model, kinds=KINDS)
    assert [len(request.phases) for request in model.asked].count(2) == 2, "four cases were answered before"
    asked = len(model.asked) - 2
    assert asked == len(CASES) * len(changes_of(KINDS)) - 5
    assert rows == copied[0]
    again = Model(copying)
    run(tmp_path, again)
    assert again.asked == []


def test_a_folder_belongs_to_one_model_strategy_and_budget(tmp_path: Path) -> None:
    run(tmp_path, Model(ignoring), CASES[:1], kinds=["filler"])
    with pytest.raises(InterventionError, match="choose another folder"):
        run(tmp_path, Model(ignoring, ModelCard(id="another")), CASES[:1])
    with pytest.raises(InterventionError, match="choose another folder"):
        run(tmp_path, Model(ignoring), CASES[:1], budget=Budget(answer_tokens=500))
    (tmp_path / "run.json").write_text("{", "utf-8")
    with pytest.raises(InterventionError, match="choose another folder"):
        run(tmp_path, Model(ignoring), CASES[:1])


def test_a_strategy_without_a_trace_and_an_engine_without_an_answer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InterventionError, match="no trace"):
        intervene(tmp_path, CASES, Model(ignoring), build("vanilla"))
    with pytest.raises(InterventionError, match="greedy"):
        intervene(tmp_path, CASES, Model(ignoring), LONGSTEP, Budget(temperature=0.7))
    with pytest.raises(EngineError):
        intervene(tmp_path, CASES, ScriptedEngine([]), LONGSTEP)


def listing(*names: str) -> list[Listed]:
    return [Listed(diagnosis=name, likelihood=Likelihood.possible) for name in names]


def test_rank_correlation_is_over_all_that_either_answer_lists() -> None:
    def correlation(before: str, after: str) -> float:
        return round(rank_correlation(listing(*before), listing(*after), KNOWLEDGE), 3)

    assert [correlation("ABC", "ABC"), correlation("ABC", "CBA"), correlation("A", "A"), correlation("A", "B")] == [1, -1, 1, -1]
    assert correlation("ABC", "ABD") > correlation("ABC", "BAD") > correlation("ABC", "DEF")
    assert rank_correlation(listing("Heart attack", "Gout"), listing("Myocardial infarction", "Gout"), KNOWLEDGE) == pytest.approx(1)


def test_a_case_without_a_gold_diagnosis_counts_everywhere_but_in_accuracy() -> None:
    own = Unchanged(case="a", thinking="x", tokens=1, listed=tuple(listing("Gout", "Flu")))
    row = Changed(case="a", change="same", thinking="x", tokens=1, listed=own.listed)
    (control,) = figures_of([own], [row], KNOWLEDGE).changes
    assert (control.n, control.accuracy, control.accuracy_before.n) == (1, None, 0)


def test_the_report_says_n_interval_and_how_to_read_it(copied: tuple[Interventions, Figures]) -> None:
    _, figures = copied
    kept = json.loads(json.dumps(document(figures, {"model": "scripted", "strategy": "longstep"}, 3)))
    swap = next(row for row in kept["changes"] if row["change"] == "swap")
    assert (kept["cases"], kept["left_out"], kept["reads_as"], kept["steady_control"]) == (6, 3, "driven", True)
    assert swap["follows_the_changed_trace"] == {"hits": 6, "n": 6, "share": 1.0, "interval": [0.6097, 1.0]}
    assert swap["accuracy"]["difference"]["mean"] == -1
    assert len(kept["early_answering"]) == 5
    text = markdown(figures, kept["run"])
    assert [paragraph in text for paragraph in GUIDE] == [True, True]
    assert (
        "| swap | 6 | 0 | 100 (61 to 100) | 100 (61 to 100) | 0.50 (0.50 to 0.50) | -100 (-100 to -100) | 100 (61 to 100) | driven |"
        in text
    )
    assert {len(row) for row in table(figures)} == {9}


def test_the_demonstration_model_is_asked_behind_changed_traces_of_its_own(tmp_path: Path) -> None:
    cases, budget = [generate_case(seed, "heldout").case for seed in (0, 1)], Budget(thinking_tokens=24, answer_tokens=120)
    rows = intervene(tmp_path, cases, load_engine("demo"), LONGSTEP, budget, kinds=["replace"], at_once=8)
    assert [row.case for row in rows.unchanged] == [case.id for case in cases]
    assert {row.change for row in rows.changed} == {"same", "replace"}
    for row in rows.changed:
        own = next(one for one in rows.unchanged if one.case == row.case)
        assert row.not_applicable or (row.listed and 0 < row.tokens <= own.tokens + 60)
    assert figures_of(rows.unchanged, rows.changed, KNOWLEDGE).cases == 2
