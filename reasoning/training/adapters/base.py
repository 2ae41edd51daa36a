"""The model that an adapter is tuned for: what it is called, where it is, and its weights ready to be tuned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from reasoning.engines import loading
from reasoning.presets import find_preset, presets
from reasoning.training.adapters.configuration import AdapterConfiguration
from reasoning.training.adapters.errors import ConfigurationError, TrainingError
from reasoning.training.rounding import round_matrices


@dataclass(frozen=True)
class Base:
    """A model by the name it was asked for. `id` is what records say: never a path of this machine."""

    name: str
    id: str
    location: str
    prompt_family: str | None

    def folder(self, download: bool) -> Path:
        """The folder of its files. Raises EngineError when they are neither here nor can be fetched."""
        return loading.find_folder(self.location, download)


def find_base(name: str) -> Base:
    """The base of a preset name, a hub id or a folder. Raises ConfigurationError for one whose weights cannot be tuned."""
    preset = find_preset(name)
    if preset is None:
        return Base(name, _id_of(name), name, None)
    if preset.quantised:
        raise ConfigurationError(f"The model {name} comes already quantised and cannot be tuned: choose one with full weights.")
    id = preset.hub or (f"soliloquy/{(preset.folder or '').split('/')[0]}" if name in presets() else _id_of(name))
    return Base(name, id, preset.location, preset.prompt_family)


def _id_of(name: str) -> str:
    path = Path(name)
    if not path.is_dir():
        return name
    cached = next((part for part in path.resolve().parts if part.startswith("models--")), None)  # how the hub's cache names a model
    return cached.removeprefix("models--").replace("--", "/") if cached else path.resolve().name


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a base. Raises TrainingError."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # transformers and tokenizers each raise their own kinds for a damaged file
        raise TrainingError(
            f"The tokenizer of the base cannot be read ({type(error).__name__}): copy or download the base again."
        ) from None
    if tokenizer.eos_token_id is None:
        raise TrainingError("The tokenizer of the base names no end token, so no reply could learn to end: choose another base.")
    return tokenizer


def load_weights(folder: Path, configuration: AdapterConfiguration, device: torch.device, flash: bool) -> Any:
    """The frozen model, ready to be given an adapter. Raises TrainingError."""
    from transformers import AutoConfig, AutoModelForCausalLM

    four_bits = configuration.quantization == "nf4"
    settings: dict[str, Any] = {"dtype": torch.bfloat16 if four_bits else getattr(torch, configuration.precision)}
    if configuration.sharding == "none":
        settings["device_map"] = {"": device}
    if four_bits:
        settings["quantization_config"] = loading.nf4_settings()
    if flash:
        settings["attn_implementation"] = "flash_attention_2"
    try:
        if getattr(AutoConfig.from_pretrained(folder, local_files_only=True), "quantization_config", None) is not None:
            raise ConfigurationError("This base comes already quantised and cannot be tuned: choose one with full weights.")
        model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **settings)
    except torch.OutOfMemoryError:
        raise TrainingError("The base does not fit on this device: try --config qlora-32b-one-gpu, or share it with --processes.") from None
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, TrainingError):
            raise
        raise TrainingError(f"The base cannot be read ({type(error).__name__}): copy or download it again.") from error
    model.config.use_cache = False
    if configuration.quantization == "rounded":
        round_matrices(model)  # the adapter is used on a 4-bit base, so it is tuned on one (QLoRA, arXiv 2305.14314)
    return _prepared_for_four_bits(model) if four_bits else model


def _prepared_for_four_bits(model: Any) -> Any:
    import peft

    # The trainer switches gradient checkpointing on itself, for every kind of base alike.
    model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    # It also widens the embeddings and the output head to float32: 3 GB more at 32B, and activations twice as wide. Norms stay wide.
    for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
        layer.to(torch.bfloat16)
    return model
