"""Which model answers, and how it is loaded without noise."""

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from app.remote import is_remote, load_remote
from reasoning.engines.engine import Engine, EngineError
from reasoning.own_adapters import fitting, own_adapters
from reasoning.presets import PRESET_FILE, EngineSettings, Preset, find_preset, load_engine, packaged, presets
from storage.settings import Settings

log = logging.getLogger(__name__)


def engine_loader(
    settings: Settings,
    model: str | None = None,
    *,
    adapters: Mapping[str, str | Path] | None = None,
    quantization: Literal["nf4", "none"] = "nf4",
) -> Callable[[], Engine]:
    """A function that loads the model of the settings, or another one, when it is called. It raises EngineError and fetches nothing.

    The adapters given, by folder or hub id, come before those tuned on this machine, and these before those that ship.
    """
    name = model or settings.model

    def load() -> Engine:
        if settings.engine == "scripted" and model is None:
            from app.rehearsal import RehearsalEngine

            return RehearsalEngine(settings.scripted_delay)
        if is_remote(name):
            quieten()
            return load_remote(settings, name, adapters)
        preset = find_preset(name)
        if preset is not None and not shipped(preset):
            raise EngineError(_not_there(name))
        quieten()
        from reasoning.engines.loading import find_adapter

        known = {**_own(settings.home, name), **{strategy: find_adapter(place) for strategy, place in (adapters or {}).items()}}
        return load_engine(name, EngineSettings(quantization=quantization, adapters=known, width=settings.model_width))

    return load


def _not_there(name: str) -> str:
    if name in presets():
        return (
            f"The model {name} is not part of this installation: make it with `soliloquy train demo`, or choose another with --model or "
            "SOLILOQUY_MODEL."
        )
    return f"The {PRESET_FILE} in {name} names weights or adapters that are not there: copy them there, or correct it."


def _own(home: Path, name: str) -> dict[str, Path]:
    """Adapters in the data folder that were tuned on the weights of this model."""
    tuned = own_adapters(home, name)
    if not tuned:
        return {}
    from reasoning.engines.loading import find_folder

    preset = find_preset(name)
    fit = fitting(tuned, find_folder(preset.location if preset else name, download=False))
    for strategy in tuned.keys() - fit.keys():
        log.warning("The adapter for %s in the data folder was tuned on other weights of %s and is not used.", strategy, name)
    return fit


def shipped(preset: Preset) -> bool:
    """Whether a packaged model is there with all its adapters; a model of the hub always counts."""
    if preset.folder is None:
        return True
    adapters = (packaged(folder) / "adapter_config.json" for folder in preset.adapters.values())
    return all(path.is_file() for path in (packaged(preset.folder) / "config.json", *adapters))


def quieten() -> None:
    """Keep the model libraries from writing between our own lines. Call it before they are imported."""
    for name, value in (
        ("TRANSFORMERS_VERBOSITY", "error"),
        ("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("HF_HUB_DISABLE_PROGRESS_BARS", "1"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("BITSANDBYTES_NOWELCOME", "1"),
    ):
        os.environ.setdefault(name, value)
    for library in ("torch", "transformers", "bitsandbytes", "peft", "huggingface_hub", "accelerate"):
        logging.getLogger(library).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(torch|transformers|bitsandbytes|peft|huggingface_hub|accelerate)\b")

    from transformers.utils import logging as chatter

    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
