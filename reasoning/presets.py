"""Models known by name, and the one call that loads any model."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from reasoning.engines.local import LocalEngine

_GB_PER_BILLION, _GB_BESIDE = 0.58, 2.0


class Preset(BaseModel):
    """One model: where it is, how large, and how it wants to be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    hub: str | None = None
    folder: str | None = None
    adapters: dict[str, str] = {}
    licence: str | None = None
    parameters_billion: float = Field(gt=0)
    context: int = Field(gt=0)
    quantised: bool = False
    prompt_family: str = "general"
    closed_vocabulary: bool = False
    demonstration: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> "Preset":
        if (self.hub is None) == (self.folder is None):
            raise ValueError("a preset names either a hub id or a packaged folder")
        return self

    @property
    def memory_gb(self) -> float:
        """Estimated memory in 4 bits, in GB; not measured."""
        return round(_GB_PER_BILLION * self.parameters_billion + _GB_BESIDE, 1)

    @property
    def location(self) -> str:
        """The hub id, or the folder inside this package."""
        return self.hub or str(packaged(self.folder or ""))


class EngineSettings(BaseModel):
    """What a user may choose about loading a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantization: Literal["nf4", "none"] = "nf4"
    device: str | None = None
    adapters: dict[str, Path] = {}
    width: int = Field(default=32, ge=1)
    download: bool = True


def packaged(path: str) -> Path:
    """A file or folder that ships with this package."""
    return Path(str(files("reasoning").joinpath(path)))


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    table = tomllib.loads(packaged("presets.toml").read_text(encoding="utf-8"))
    return {name: Preset.model_validate(entry) for name, entry in table.items()}


PRESET_FILE = "preset.toml"
"""In a folder of one's own: what the model in it is, in the words of presets.toml, with paths relative to the folder."""


def find_preset(name: str) -> Preset | None:
    """The preset of that name, or what a folder says of the model in it; None for any other model."""
    if name in presets():
        return presets()[name]
    file = Path(name) / PRESET_FILE
    if not file.is_file():
        return None
    entry = tomllib.loads(file.read_text(encoding="utf-8"))
    here = file.parent.resolve()
    adapters = {key: str(here / folder) for key, folder in entry.pop("adapters", {}).items()}
    return Preset.model_validate({**entry, "folder": str(here / entry["folder"]), "adapters": adapters})


def load_engine(name: str, settings: EngineSettings | None = None) -> "LocalEngine":
    """An engine for a preset name, a folder or a hub id. Adapters in `settings` join the preset's. Raises EngineError."""
    from reasoning.engines.local import LocalEngine  # torch takes seconds to import, and a list of presets needs none

    settings = settings or EngineSettings()
    preset = find_preset(name)
    adapters = {key: packaged(folder) for key, folder in (preset.adapters if preset else {}).items()} | settings.adapters
    described = preset.model_dump(include={"prompt_family", "closed_vocabulary", "demonstration"}) if preset else {}
    if preset and preset.folder:
        described["id"] = Path(name).name  # a path would say nothing in a record, or too much
    return LocalEngine(
        preset.location if preset else name,
        settings.quantization,
        settings.device,
        adapters,
        width=settings.width,
        download=settings.download,
        card=described,
    )
