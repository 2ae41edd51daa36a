"""Models known by name, and the one call that loads any model."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reasoning.conventions import CONVENTIONS, Convention
from reasoning.engines.engine import EngineError

if TYPE_CHECKING:
    from reasoning.engines.local import LocalEngine

_GB_PER_BILLION, _GB_BESIDE = 0.58, 2.0


class RecommendedSampling(BaseModel):
    """How a model's makers draw its tokens, and where they say so. Only `temperature` and `top_p` are applied here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    repetition_penalty: float | None = Field(default=None, gt=0)
    source: str

    @property
    def words(self) -> str:
        """The recommendation in one line, with what of it is not applied."""
        given = self.model_dump(exclude={"source"}, exclude_none=True)
        left = " and ".join(name for name in given if name not in ("temperature", "top_p"))
        return ", ".join(f"{name} {value:g}" for name, value in given.items()) + (f" ({left} not applied)" if left else "")


class Score(BaseModel):
    """Published results of one source in per cent, by test set: comparable within the source and with nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    method: str = ""
    results: dict[str, float]


class Preset(BaseModel):
    """One model: where it is, how large, how it wants to be asked, and what is known of it. What is not known is None or empty.

    `sources` says by the name of a field where its value was found; `base` is what the model was tuned from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    hub: str | None = None
    folder: str | None = None
    adapters: dict[str, str] = {}
    base: str | None = None
    licence: str | None = None
    gated: bool = False
    parameters_billion: float = Field(gt=0)
    context: int | None = Field(default=None, gt=0)
    quantised: bool = False
    prompt_family: str = "general"
    closed_vocabulary: bool = False
    demonstration: bool = False
    chat: str | None = None
    convention: str = "own"
    long_reasoning: bool | None = None
    sampling: RecommendedSampling | None = None
    scores: tuple[Score, ...] = ()
    sources: dict[str, str] = {}

    @field_validator("convention")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in CONVENTIONS:
            raise ValueError(f"there is no convention {name!r}; choose one of {', '.join(CONVENTIONS)}")
        return name

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

    @property
    def trace_convention(self) -> Convention:
        """How it marks its thinking and its answer."""
        return CONVENTIONS[self.convention]

    def described(self) -> dict[str, Any]:
        """What a model card says of it beyond what can be read off the weights."""
        found: dict[str, Any] = self.model_dump(include={"prompt_family", "closed_vocabulary", "demonstration", "convention"})
        if self.quantised:
            # Packed weights hold several parameters in a number: counting them would make the model look smaller than it is.
            found["parameters"] = round(self.parameters_billion * 1e9)
        return found


class EngineSettings(BaseModel):
    """What a user may choose about loading a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantization: Literal["nf4", "none"] = "nf4"
    device: str | None = None
    adapters: dict[str, Path] = {}
    width: int = Field(default=32, ge=1)
    download: bool = False


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


def name_of(model: str) -> str:
    """The preset name of a model that is given by its hub id; any other name as it is."""
    return next((name for name, preset in presets().items() if preset.hub == model), model)


def find_preset(name: str) -> Preset | None:
    """The preset of a name or hub id, or what a folder says of the model in it; None for any other model. Raises EngineError."""
    if (known := presets().get(name_of(name))) is not None:
        return known
    file = Path(name) / PRESET_FILE
    return _read(file) if file.is_file() else None


def _read(file: Path) -> Preset:
    """A folder's own preset. `like` names the one whose words it begins with; `folder` is where the weights are, by default here."""
    try:
        entry = tomllib.loads(file.read_text(encoding="utf-8"))
        alike = presets()[entry.pop("like")].model_dump(exclude_unset=True, exclude={"hub", "adapters"}) if "like" in entry else {}
        here = file.parent.resolve()
        adapters = {key: str(here / folder) for key, folder in entry.pop("adapters", {}).items()}
        folder = str(here / entry.pop("folder", "."))
        return Preset.model_validate({**alike, **entry, "folder": folder, "adapters": adapters})
    except KeyError as error:
        raise EngineError(
            f"The {PRESET_FILE} of this folder is like {error}, which is no preset: choose one of `soliloquy models`."
        ) from None
    except (OSError, ValueError) as error:
        first = error.errors(include_input=False, include_url=False)[0] if isinstance(error, ValidationError) else None
        reason = f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}" if first else type(error).__name__
        raise EngineError(f"The {PRESET_FILE} of this folder cannot be read ({reason}): docs/models.md says what it may hold.") from None


def load_engine(name: str, settings: EngineSettings | None = None) -> "LocalEngine":
    """An engine for a preset name, a folder or a hub id. Adapters in `settings` join the preset's. Raises EngineError."""
    from reasoning.engines.local import LocalEngine  # torch takes seconds to import, and a list of presets needs none

    settings = settings or EngineSettings()
    preset = find_preset(name)
    adapters = {key: packaged(folder) for key, folder in (preset.adapters if preset else {}).items()} | settings.adapters
    described = preset.described() if preset else {}
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
