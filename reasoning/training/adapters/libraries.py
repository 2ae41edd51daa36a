"""The optional packages that training needs."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from reasoning.training.adapters.errors import MissingExtra

EXTRAS = {"datasets": "train", "trl": "train", "deepspeed": "deepspeed"}
_RECORDED = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes", "deepspeed", "flash_attn")


def missing(sharding: str = "none") -> list[str]:
    """One sentence for each extra that a training with this sharding lacks."""
    needed = ["trl", "datasets", *(["deepspeed"] if sharding == "zero3" else [])]
    lacking = {EXTRAS[name]: name for name in needed if find_spec(name) is None}
    return [f"{name} is not installed: pip install 'soliloquy[{extra}]' adds it." for extra, name in lacking.items()]


def require(sharding: str = "none") -> None:
    """Raises MissingExtra when something is not installed."""
    if lacking := missing(sharding):
        raise MissingExtra(" ".join(lacking))


def versions() -> dict[str, str]:
    """The installed version of each library that has a say in the result."""
    found = {}
    for name in _RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
