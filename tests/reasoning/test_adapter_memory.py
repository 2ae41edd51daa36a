"""Parameters counted from a shape, and the memory estimated from them."""

from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from reasoning.presets import presets
from reasoning.training.adapters.configuration import load_configuration
from reasoning.training.adapters.memory import GB, Estimate, adapter_parameters, estimate
from reasoning.training.adapters.shape import Shape, known_shapes, read_shape

LARGE = known_shapes()["qwen2.5-32b"]


def by_name(found: Estimate, part: str) -> float:
    return sum(size for name, size in found.terms if part in name)


@pytest.mark.parametrize("name", known_shapes())
def test_known_shapes_have_the_parameters_of_their_presets(name: str) -> None:
    assert known_shapes()[name].parameters / 1e9 == pytest.approx(presets()[name].parameters_billion, abs=0.06)


def test_what_is_counted_is_what_the_libraries_make(folder: Path) -> None:
    shape = read_shape(folder)
    assert isinstance(shape, Shape)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert shape.parameters == model.num_parameters()
    recipe = load_configuration("paper", rank=8)
    adapted = get_peft_model(model, LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    assert adapter_parameters(shape, recipe) == sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    some = recipe.model_copy(update={"targets": ("q_proj", "v_proj")})
    assert 0 < adapter_parameters(shape, some) < adapter_parameters(shape, recipe) / 3


def test_a_folder_of_another_kind_has_no_shape(tmp_path: Path) -> None:
    assert read_shape(tmp_path) is None
    (tmp_path / "config.json").write_text('{"n_layer": 12}')
    assert read_shape(tmp_path) is None


def test_four_bits_and_shards_are_what_makes_a_large_model_fit() -> None:
    whole, qlora = (estimate(LARGE, load_configuration(name), 4096, 1) for name in ("paper", "qlora-32b-one-gpu"))
    assert by_name(whole, "weights") == 2 * LARGE.parameters
    assert 16.1 < by_name(qlora, "weights") / GB < 16.1 + 3.2, "31 billion half bytes, and 1.6 billion of embeddings and head in two"
    assert qlora.total < 48 * GB < whole.total
    for name in ("zero3", "fsdp"):
        two, eight = (estimate(LARGE, load_configuration(name), 4096, number) for number in (2, 8))
        assert by_name(eight, "weights") == by_name(two, "weights") / 4 == by_name(whole, "weights") / 8
        assert by_name(eight, "inputs of all layers") == by_name(whole, "inputs of all layers"), "activations are not divided"


def test_longer_records_and_no_checkpointing_cost_activations() -> None:
    recipe = load_configuration("qlora-32b-one-gpu")
    short, long = (by_name(estimate(LARGE, recipe, tokens, 1), "layer") for tokens in (1000, 4000))
    assert long == pytest.approx(4 * short)
    kept = estimate(LARGE, recipe.model_copy(update={"gradient_checkpointing": False}), 1000, 1)
    assert by_name(kept, "activations of all layers") > 15 * short
