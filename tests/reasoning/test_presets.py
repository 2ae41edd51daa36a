"""Models known by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cases.case import read_case
from reasoning.engines.engine import EngineError, ModelCard
from reasoning.engines.scripted import ScriptedEngine
from reasoning.evaluation.report.paper import METHODS, published
from reasoning.evaluation.suite.arms import arms_as_recommended, parse_arms
from reasoning.events import Started
from reasoning.preset_table import TABLE, write_table
from reasoning.presets import PRESET_FILE, EngineSettings, Preset, find_preset, load_engine, name_of, presets
from reasoning.recommended import as_recommended
from reasoning.report import fold, to_document
from reasoning.strategies import Budget, Chain, build, rebuild, run_strategy
from reasoning.training.adapters.base import find_base


def test_all_presets_are_valid_and_estimated() -> None:
    assert set(presets()) == {
        "demo",
        "qwen2.5-32b",
        "qwen2.5-72b",
        "llama-3.1-70b",
        "m1-32b",
        "qwen3-32b",
        "fleming-r1-32b",
        "baichuan-m2-32b",
        "medgemma-27b",
        "ii-medical-32b",
        "gpt-oss-20b",
        "huatuogpt-o1-72b",
    }
    assert presets()["qwen2.5-32b"].memory_gb == pytest.approx(21.0, abs=0.1)
    assert presets()["gpt-oss-20b"].quantised
    demo = presets()["demo"]
    assert demo.demonstration
    assert demo.closed_vocabulary
    assert Path(demo.location).parts[-3:] == ("reasoning", "demonstration", "base")


def test_unknown_fields_and_two_places_are_refused() -> None:
    with pytest.raises(ValidationError):
        Preset(title="x", hub="a/b", parameters_billion=1, context=1, licens="MIT")
    with pytest.raises(ValidationError, match="either"):
        Preset(title="x", parameters_billion=1, context=1)


def test_a_folder_loads_like_a_preset(folder: Path) -> None:
    settings = EngineSettings(quantization="none", device="cpu", adapters={"longstep": folder.parent / "longstep"})
    card = load_engine(str(folder), settings).card
    assert card.id == str(folder)
    assert card.context == 8192
    assert set(card.adapters) == {"longstep"}
    assert not card.demonstration


@pytest.mark.parametrize("name", [name for name, preset in presets().items() if preset.hub])
def test_what_is_said_of_a_model_says_where_it_was_found(name: str) -> None:
    preset = presets()[name]
    said = {"licence": preset.licence, "context": preset.context, "long_reasoning": preset.long_reasoning}
    said["convention"] = preset.convention if preset.convention != "own" else None
    assert {field for field, value in said.items() if value is not None} <= set(preset.sources)
    assert set(preset.sources) <= {field for field, value in said.items() if value is not None}
    assert all(score.source and 0 < value <= 100 for score in preset.scores for value in score.results.values())
    assert preset.sampling is None or preset.sampling.source


def test_the_scores_of_the_paper_are_those_of_its_table() -> None:
    models = {"qwen2.5-32b": "Qwen2.5-32B", "qwen2.5-72b": "Qwen2.5-72B", "llama-3.1-70b": "Llama3.1-70B"}
    methods = {
        "direct answer": "vanilla",
        "chain of thought": "cot",
        "tuned on LongStep": "longstep",
        "tuned on LongMonolog": "longmonolog",
    }
    printed = {(row.model, row.method): row.accuracy for row in published()}
    for name, model in models.items():
        ours = {score.method: score.results for score in presets()[name].scores if score.source.startswith("arXiv 2501.06458")}
        assert set(ours) == set(methods)
        for method, results in ours.items():
            assert {test.lower(): value for test, value in results.items()} == printed[model, METHODS[methods[method]]]


def test_a_preset_is_found_by_its_hub_id_too() -> None:
    assert find_preset("Qwen/Qwen3-32B") is presets()["qwen3-32b"]
    assert name_of("Qwen/Qwen3-32B") == "qwen3-32b"
    assert name_of("somebody/something") == "somebody/something"
    assert find_preset("somebody/something") is None


def test_a_folder_may_say_what_its_model_is_like(folder: Path, tmp_path: Path) -> None:
    described = f'like = "gpt-oss-20b"\nfolder = "{folder}"\nquantised = false\ntitle = "My own"\n'
    (tmp_path / PRESET_FILE).write_text(described)
    preset = find_preset(str(tmp_path))
    assert preset is not None
    assert (preset.title, preset.convention, preset.sampling) == ("My own", "harmony", presets()["gpt-oss-20b"].sampling)
    assert (preset.hub, preset.folder) == (None, str(folder))
    card = load_engine(str(tmp_path), EngineSettings(quantization="none", device="cpu")).card
    assert (card.id, card.convention) == (tmp_path.name, "harmony")
    base = find_base(str(tmp_path))
    assert (base.location, base.prompt_family, base.id) == (str(folder), "general", tmp_path.name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('like = "psychic"', "no preset"),
        ('like = "qwen3-32b"\nconvention = "psychic"', "no convention"),
        ('title = "x"', "parameters_billion"),
        ("title = ", "TOMLDecodeError"),
        ('like = "qwen3-32b"\nlicens = "MIT"', "licens"),
    ],
)
def test_a_preset_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / PRESET_FILE).write_text(text)
    with pytest.raises(EngineError, match=said):
        find_preset(str(tmp_path))


def test_the_card_of_a_model_that_comes_quantised_says_its_true_size() -> None:
    assert presets()["gpt-oss-20b"].described()["parameters"] == 20_900_000_000
    assert "parameters" not in presets()["qwen3-32b"].described()


CASE = read_case("63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. No fever.")


@pytest.mark.parametrize("name", [name for name in presets() if name in ("gpt-oss-20b", "medgemma-27b", "qwen3-32b", "demo")])
@pytest.mark.parametrize("strategy", ["longmonolog", "longstep", "cot", "majority_vote", "vanilla"])
def test_a_small_preset_that_is_asked_to_reason_long_shows_what_the_paper_found(name: str, strategy: str) -> None:
    preset = presets()[name]
    card = ModelCard(id=name, **{"parameters": round(preset.parameters_billion * 1e9), **preset.described()})
    events = run_strategy(build(strategy), CASE, ScriptedEngine([[]] * 5, card=card), Budget())
    started = next(event for event in events if isinstance(event, Started))
    told = any("lost accuracy" in warning for warning in started.warnings)
    assert told == (name in ("gpt-oss-20b", "medgemma-27b") and strategy != "vanilla"), "the demonstration model is exempt"


def test_recommended_sampling_is_the_default_and_the_record_says_so() -> None:
    strategy, budget = as_recommended(build("longstep"), Budget(seed=3), "qwen3-32b")
    assert (budget.temperature, budget.top_p, budget.seed) == (0.6, 0.95, 3)
    engine = ScriptedEngine([["Hm.</think>", "nothing"]])
    events = list(run_strategy(strategy, CASE, engine, budget))
    assert (engine.requests[0].sampling.temperature, engine.requests[0].sampling.top_p) == (0.6, 0.95)
    assert rebuild(events[0]) == (strategy, budget), "the run can be repeated from its record"
    document = to_document(fold(events), "run", engine.card)
    source = document["parameters"]["budget"]["sampling_source"]
    assert source.startswith("recommended for qwen3-32b: temperature 0.6, top_p 0.95, top_k 20 (top_k not applied)")


def test_a_vote_is_drawn_as_recommended_unless_its_samples_would_be_equal() -> None:
    vote, _ = as_recommended(build("majority_vote", samples=3), Budget(), "gpt-oss-20b")
    assert (vote.temperature, vote.samples) == (1.0, 3)
    vote, budget = as_recommended(build("majority_vote"), Budget(), "m1-32b")
    assert vote.temperature == 0.7
    assert budget.temperature == 0


def test_the_arms_of_an_evaluation_are_drawn_as_recommended_unless_they_say_otherwise() -> None:
    base = Budget(thinking_tokens=64)
    arms = arms_as_recommended(parse_arms(["cot,longstep:temperature=0.2,majority_vote:temperature=0.9,majority_vote"], base), "qwen3-32b")
    assert [arm.budget.temperature for arm in arms] == [0.6, 0.2, 0, 0.6]
    assert [arm.budget.thinking_tokens for arm in arms] == [64] * 4
    assert [bool(arm.budget.sampling_source) for arm in arms] == [True, False, False, True]
    assert [arm.strategy.model_dump().get("temperature") for arm in arms] == [None, None, 0.9, 0.6]
    assert arms_as_recommended(arms[:1], "demo") == arms[:1]


@pytest.mark.parametrize("model", ["demo", "fleming-r1-32b", "somebody/something"])
def test_where_nothing_is_recommended_nothing_changes(model: str) -> None:
    strategy, budget = build("cot"), Budget()
    assert isinstance(strategy, Chain)
    assert as_recommended(strategy, budget, model) == (strategy, budget)


def test_the_table_in_the_docs_is_made_from_the_presets() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    assert write_table(page) == page, "python -m reasoning.preset_table docs/models.md writes it anew"
    assert TABLE.search(page)
    assert write_table(page.replace("Qwen/Qwen3-32B](", "](")) == page
