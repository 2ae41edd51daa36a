"""How an adapter is tuned: a TOML file that may extend another one, validated as a whole."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reasoning.presets import packaged
from reasoning.training.adapters.errors import ConfigurationError

_FOLDER = "training/configurations"


class AdapterConfiguration(BaseModel):
    """All settings of one tuning. Sizes are in tokens, `warmup` is a share of the steps.

    `batch` counts the records of one step over all processes, so a recipe stays the same however many devices share it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    summary: str
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    quantization: Literal["none", "nf4", "rounded"] = "none"
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    learning_rate: float = Field(gt=0, lt=1)
    schedule: Literal["constant", "linear", "cosine", "clock"] = "cosine"
    warmup: float = Field(default=0.0, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[float, float] = (0.9, 0.999)
    gradient_norm: float = Field(default=1.0, gt=0)
    batch: int = Field(ge=1)
    per_device: int = Field(default=1, ge=1)
    epochs: float = Field(gt=0)
    minutes: float | None = Field(default=None, gt=0)
    records: int | None = Field(default=None, ge=1, description="How many records the recipe was made for; only compared.")
    longest: int = Field(default=8192, ge=16)
    packing: Literal["auto", "never"] = "auto"
    gradient_checkpointing: bool = True
    sharding: Literal["none", "zero3", "fsdp"] = "none"
    processes: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    save_every: int = Field(default=25, ge=1)
    log_every: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "AdapterConfiguration":
        if self.sharding != "none" and self.quantization != "none":
            raise ValueError('sharding divides full-precision weights: set quantization = "none", or sharding = "none"')
        if (self.schedule == "clock") != (self.minutes is not None):
            raise ValueError('the schedule "clock" and minutes belong together: set both or neither')
        if self.schedule == "clock" and self.sharding != "none":
            raise ValueError('the schedule "clock" does not work with sharding: choose another schedule')
        return self

    def accumulation(self, processes: int) -> int:
        """Passes of each process before a step. Raises ConfigurationError when the batch cannot be divided."""
        passes, rest = divmod(self.batch, self.per_device * processes)
        if rest or not passes:
            raise ConfigurationError(
                f"A batch of {self.batch} cannot be divided among {processes} processes with {self.per_device} records at a time: "
                "change batch, per_device or the number of processes."
            )
        return passes


def configuration_names() -> list[str]:
    """The names of the configurations that ship."""
    return sorted(path.stem for path in packaged(_FOLDER).glob("*.toml"))


def configuration_file(name: str) -> Path:
    """A file beside the shipped configurations."""
    return packaged(_FOLDER) / name


def load_configuration(name: str | Path, **changes: Any) -> AdapterConfiguration:
    """A shipped configuration by its name, or one from a TOML file, with `changes` on top. Raises ConfigurationError."""
    path = _find(str(name), Path())
    try:
        return AdapterConfiguration.model_validate({**_inherited(path, ()), "name": path.stem, **changes})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{path.name}{f', {where}' if where else ''}: {message[:1].lower()}{message[1:]}.") from None


def _find(name: str, beside: Path) -> Path:
    if name.endswith(".toml"):
        return beside / name
    if name not in configuration_names():
        raise ConfigurationError(f"There is no configuration {name}: choose {', '.join(configuration_names())}, or give a .toml file.")
    return configuration_file(f"{name}.toml")


def _inherited(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The settings of a file on top of those that it extends."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigurationError(f"The configuration {path.name} cannot be read ({reason}): check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The configuration {path.name} is not TOML ({error}): correct it.") from None
    parent = table.pop("extends", None)
    if parent is None:
        return table
    above = _find(str(parent), path.parent)
    if above.resolve() in (*seen, path.resolve()):
        raise ConfigurationError(f"The configuration {path.name} extends itself: name another one.")
    inherited = _inherited(above, (*seen, path.resolve()))
    if table.get("schedule", "clock") != "clock":
        inherited.pop("minutes", None)  # TOML has no word for "none", and minutes mean nothing without the clock
    return {**inherited, **table}
