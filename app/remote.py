"""The model server of the settings: whether it is asked, where it is, and the engine that asks it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning.engines.engine import EngineError, ModelCard
from reasoning.engines.remote.address import read_address
from reasoning.presets import Preset, presets
from storage.settings import Settings

if TYPE_CHECKING:
    from reasoning.engines.remote.remote import RemoteEngine

NAME = "remote"


def is_remote(model: str) -> bool:
    """Whether a model's name means the server: `remote`, or `remote:NAME` for one of its models."""
    return model == NAME or model.startswith(f"{NAME}:")


def destination(settings: Settings, model: str | None = None) -> str:
    """The host that notes would be sent to, "" when they stay in this process or the address cannot be used."""
    if not is_remote(model or settings.model) or (settings.engine == "scripted" and model is None) or not settings.remote_url:
        return ""
    try:
        return read_address(settings.remote_url, settings.remote_plain_http).host
    except EngineError:
        return ""


def load_remote(settings: Settings, model: str, adapters: Mapping[str, str | Path] | None = None) -> "RemoteEngine":
    """The engine that asks the server. Raises EngineError."""
    from reasoning.engines.remote.remote import RemoteEngine
    from reasoning.engines.remote.settings import RemoteSettings
    from reasoning.engines.remote.wire import Patience

    if not settings.remote_url:
        raise EngineError("There is no server to ask: set SOLILOQUY_REMOTE_URL to its address, such as https://server.example.org:8000/v1.")
    if adapters:
        raise EngineError("A server loads its adapters itself: name them in SOLILOQUY_REMOTE_ADAPTERS, and leave --adapter out.")
    name = model.partition(":")[2] or settings.remote_model
    asked = RemoteSettings(
        url=settings.remote_url,
        model=name,
        key=settings.remote_key,
        kind=settings.remote_server,
        plain_http=settings.remote_plain_http,
        answers=settings.remote_answer,
        tokenizer=settings.remote_tokenizer,
        adapters=settings.remote_adapters,
        concurrency=settings.remote_concurrency,
        patience=Patience(silence=settings.remote_timeout),
    )
    return RemoteEngine(asked, described_as)


def described_as(name: str) -> dict[str, Any]:
    """What a preset of ours says of the model that a server serves under its name, hub id or folder."""
    found = next(((key, preset) for key, preset in presets().items() if name in (key, preset.hub, _place(preset))), None)
    if found is None:
        return {}
    key, preset = found
    known = {field: value for field, value in preset.model_dump().items() if field in _FIELDS}
    return {**known, "parameters": round(preset.parameters_billion * 1e9), **({"id": key} if preset.folder else {})}


_FIELDS = {"prompt_family", "closed_vocabulary", "demonstration", "convention"} & ModelCard.model_fields.keys()


def _place(preset: Preset) -> str | None:
    return preset.location if preset.folder else None
