"""Adapters that were tuned on this machine: where they lie, and whether they belong to the weights that are loaded."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from reasoning.presets import presets

RECORD = "training.json"


def place_of(model: str) -> str:
    """The folder name of a model given by preset name, hub id or path: one name for one model, however it was given."""
    known = presets()
    if model in known:
        return model
    if Path(model).is_dir():
        # Two folders may have the same name.
        digest = hashlib.sha256(str(Path(model).resolve()).encode()).hexdigest()[:8]
        return f"{_plain(Path(model).resolve().name)}-{digest}"
    return next((name for name, preset in known.items() if preset.hub == model), _plain(model.replace("/", "--")))


def adapter_folder(home: Path, model: str, strategy: str) -> Path:
    """Where the adapter of a model and a strategy is written, and looked for without being told."""
    return home / "adapters" / place_of(model) / strategy


def own_adapters(home: Path, model: str) -> dict[str, Path]:
    """Finished adapters of a model by the strategy that needs them."""
    folder = home / "adapters" / place_of(model)
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/adapter_config.json"))}


def fitting(adapters: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """The adapters that were not tuned on other weights than those in `folder`: on any other base an adapter does harm."""
    return {name: path for name, path in adapters.items() if _fits(_tuned_on(path), folder)}


def revision_of(folder: Path) -> str:
    """The revision of a model that the hub's cache holds; empty for any other folder."""
    return folder.name if folder.parent.name == "snapshots" else ""


def _fits(base: Mapping[str, str], folder: Path) -> bool:
    revision = revision_of(folder)
    if revision and base.get("revision"):
        return base["revision"] == revision  # the hub's own hash: no need to read all weights
    if not base.get("weights_sha256"):
        return True
    from reasoning.engines.loading import hash_weights  # torch takes seconds to import

    return base["weights_sha256"] == hash_weights(folder)


def _tuned_on(folder: Path) -> Mapping[str, str]:
    try:
        found = json.loads((folder / RECORD).read_text("utf-8"))["base"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "model"
