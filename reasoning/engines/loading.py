"""From a folder or hub id to a quantised model with its adapters; every failure says what to do."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, PreTrainedModel

from reasoning.engines import hub
from reasoning.engines.engine import EngineError

Quantization = Literal["nf4", "none"]

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Loaded:
    """A model ready to run, and where it came from."""

    model: PreTrainedModel
    tokenizer: Any
    folder: Path
    revision: str
    quantization: str


def find_folder(name: str, download: bool) -> Path:
    """The folder of a model: a local one, or the hub's copy on this machine, fetched if `download`. Raises EngineError."""
    if Path(name).is_dir():
        return Path(name)
    if not _HUB_ID.fullmatch(name):
        raise EngineError(f"There is no model folder {name}; give a folder, a preset name or a hub id such as Qwen/Qwen3-32B.")
    if (folder := hub.local_copy(name)) is not None:
        return folder
    if not download:
        raise EngineError(_absent("model", name))
    return hub.pull(name).folder


def find_adapter(name: str | Path) -> Path:
    """The folder of an adapter that is given by its folder or hub id; nothing is fetched. Raises EngineError."""
    if Path(name).is_dir():
        return Path(name)
    if not _HUB_ID.fullmatch(str(name)):
        raise EngineError(
            f"There is no adapter folder {name}; give the folder that a training wrote, or a hub id such as ORGANISATION/NAME."
        )
    if (folder := hub.local_copy(str(name))) is not None:
        return folder
    raise EngineError(_absent("adapter", str(name)))


def _absent(kind: str, name: str) -> str:
    here = "only partly on this machine" if hub.state_of(name) == "partly here" else "not on this machine"
    return f"The {kind} {name} is {here}: `soliloquy models pull {name}` fetches it, or says what to copy where when there is no network."


def load_model(name: str, quantization: Quantization, device: str, download: bool = False) -> Loaded:
    """The model in 4-bit NF4 with double quantisation, or as it is stored. Raises EngineError."""
    folder = find_folder(name, download)
    if not (folder / "config.json").is_file():
        raise EngineError(f"The folder {folder} holds no config.json; give the folder that save_pretrained or the hub wrote.")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        already = getattr(config, "quantization_config", None)
        settings: dict[str, Any] = {"dtype": "auto"}
        if quantization == "nf4" and already is None:
            settings = {"dtype": torch.bfloat16, "quantization_config": nf4_settings()}
        load: Any = AutoModelForCausalLM.from_pretrained  # its stubs know nothing of the pair that loading info makes
        model, report = load(folder, local_files_only=True, device_map=_places(device), output_loading_info=True, **settings)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except torch.OutOfMemoryError as error:
        raise EngineError(f"The model {name} does not fit on {device}; choose a smaller one or quantization nf4.") from error
    except Exception as error:  # transformers, safetensors and tokenizers each raise their own kinds for a damaged file
        raise EngineError(f"The model in {folder} cannot be read ({type(error).__name__}); copy or download it again.") from error
    if report["missing_keys"]:
        raise EngineError(f"The model in {folder} lacks {len(report['missing_keys'])} of its weights; copy or download it again.")
    _check_kind(config, name)
    method = already.get("quant_method", "unknown") if isinstance(already, dict) else getattr(already, "quant_method", None)
    kind = str(method) if already is not None else {"nf4": "nf4 + double quantisation", "none": "none"}[quantization]
    revision = folder.name if folder.parent.name == "snapshots" else ""
    return Loaded(model.eval(), tokenizer, folder, revision, kind)


def load_adapters(model: PreTrainedModel, adapters: Mapping[str, Path]) -> Any:
    """The model's PEFT wrapper with every adapter loaded, or None without adapters. Raises EngineError."""
    from peft import PeftModel

    wrapper: Any = None
    for name, folder in adapters.items():
        if not (folder / "adapter_config.json").is_file():
            raise EngineError(f"The adapter {name} is not in {folder}; train it, or correct the path.")
        try:
            if wrapper is None:
                wrapper = PeftModel.from_pretrained(model, str(folder), adapter_name=name, local_files_only=True)
            else:
                wrapper.load_adapter(str(folder), adapter_name=name, local_files_only=True)
        except Exception as error:  # PEFT raises plain ValueError, KeyError, RuntimeError and safetensors errors alike
            raise EngineError(
                f"The adapter {name} in {folder} does not fit this model or is damaged ({type(error).__name__}); train it again."
            ) from error
    return wrapper.eval() if wrapper is not None else None


def hash_weights(folder: Path) -> str:
    """sha256 over the content of the folder's safetensors files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def nf4_settings() -> BitsAndBytesConfig:
    """Four bits as everywhere here: NF4 with double quantisation, computing in bfloat16."""
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16
    )


def _places(device: str) -> str | dict[str, str]:
    return "auto" if device == "auto" else {"": device}


def _check_kind(config: Any, name: str) -> None:
    kinds = set(getattr(config.get_text_config(), "layer_types", None) or [])
    if other := kinds - {"full_attention", "sliding_attention"}:
        raise EngineError(f"The model {name} has layers of the kind {sorted(other)[0]}; choose one whose layers are all attention.")
