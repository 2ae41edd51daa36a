"""Models known by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from reasoning.presets import EngineSettings, Preset, load_engine, presets


def test_all_presets_are_valid_and_estimated() -> None:
    assert {"demo", "qwen2.5-32b", "qwen2.5-72b", "llama-3.1-70b", "qwen3-32b", "m1-32b", "baichuan-m2-32b", "gpt-oss-20b"} <= set(
        presets()
    )
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
