"""The working folder of a training: what was begun there, where to go on, and how the finished adapter leaves it."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from reasoning.engines.loading import hash_weights
from reasoning.own_adapters import RECORD
from reasoning.training.adapters.errors import ConfigurationError

FOLDER = "work"
_IDENTITY = "begun.json"


def is_other_training(work: Path, identity: dict[str, Any]) -> bool:
    """Whether the folder holds an unfinished training of other data, another base or another configuration."""
    if not work.exists() or not any(work.glob("checkpoint-*")):
        return False
    try:
        return bool(json.loads((work / _IDENTITY).read_text("utf-8")) != json.loads(json.dumps(identity)))
    except (OSError, ValueError):
        return True


def begin(out: Path, identity: dict[str, Any], resume: bool) -> Path:
    """The working folder inside `out`, emptied unless its training is resumed. Raises ConfigurationError rather than lose something."""
    work = out / FOLDER
    if resume and (out / "adapter_config.json").exists() and not work.exists():
        raise ConfigurationError("There is a finished adapter already: choose another --out, or train it anew with --no-resume.")
    if resume and is_other_training(work, identity):
        raise ConfigurationError(
            "An unfinished training of other data, another base or another configuration is there: "
            "repeat its settings, choose another --out, or begin anew with --no-resume."
        )
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    (work / _IDENTITY).write_text(json.dumps(identity, indent=1), "utf-8")
    return work


def last_checkpoint(work: Path) -> Path | None:
    """The newest complete checkpoint. Its state is written last, so one that a kill cut short has none."""
    complete = [path for path in work.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return max(complete, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def publish(final: Path, out: Path, base_id: str, record: dict[str, Any]) -> None:
    """Put a finished adapter, in bfloat16, and its record into `out`, and remove the working folder.

    The base is named by its id, not by where it lay on the machine that tuned the adapter. The configuration is written last:
    an adapter that has one is whole.
    """
    (out / "adapter_config.json").unlink(missing_ok=True)
    tensors = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in load_file(final / "adapter_model.safetensors").items()}
    save_file(tensors, out / "adapter_model.safetensors", metadata={"format": "pt"})
    record = {**record, "adapter_sha256": hash_weights(out)}  # what a run's record calls the adapter that it used
    (out / RECORD).write_text(json.dumps(record, indent=1), "utf-8")
    settings = json.loads((final / "adapter_config.json").read_text("utf-8"))
    settings["base_model_name_or_path"] = base_id
    (out / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True), "utf-8")
    shutil.rmtree(out / FOLDER)
