"""What this machine can run, where data is kept, and what is missing, in words."""

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from app.models import quieten, shipped
from app.version import app_version
from reasoning.engines.hub import state_of
from reasoning.presets import Preset, presets
from storage.database import database_path
from storage.errors import StorageError
from storage.inspection import inspect_database
from storage.settings import read_settings

_GIB = 1 << 30
_LIBRARIES = ("torch", "transformers", "bitsandbytes", "peft", "llguidance", "streamlit")
_SLOW_FROM_BILLION = 3.0
"""Billion parameters above which a CPU writes too slowly to watch."""


@dataclass(frozen=True)
class Graphics:
    """One CUDA device."""

    name: str
    gib: float


@dataclass(frozen=True)
class Report:
    """`sections` are titles with lines; `missing` says what to do about each lack; `cannot_run` means no case can be reasoned about."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    missing: tuple[str, ...]
    cannot_run: bool


def examine() -> Report:
    """Look at the machine. Nothing is changed, and nothing leaves it."""
    missing: list[str] = []
    cards, libraries = graphics(missing), _versions(missing)
    memory = psutil.virtual_memory()
    hardware = (
        f"Processor: {processor_name()}, {psutil.cpu_count(logical=False) or '?'} cores, {os.cpu_count()} threads, {_instructions()}",
        f"Memory: {memory.total / _GIB:.1f} GiB, of which {memory.available / _GIB:.1f} GiB are free",
        *(
            [f"Graphics: {card.name} with {card.gib:.1f} GiB" for card in cards]
            or ["Graphics: no CUDA device; models run on the processor"]
        ),
    )
    names = [fits(name, preset, cards, memory.total / _GIB) for name, preset in presets().items()]
    data, can_keep = _data(missing)
    demo_missing = not shipped(presets()["demo"])
    if demo_missing:
        missing.append("The demonstration model is not in this installation: make it with `soliloquy train demo`, or set SOLILOQUY_MODEL.")
    if any(_found(name) is None for name in ("trl", "datasets")):
        missing.append("Training is not possible: pip install 'soliloquy[train]' adds it. Nothing else needs it.")
    unusable = not can_keep or any(_found(name) is None for name in _LIBRARIES) or (demo_missing and read_model() == "demo")
    sections = (
        ("This machine", hardware),
        ("Software", (f"Soliloquy {app_version() or '(not installed)'}, Python {platform.python_version()}", ", ".join(libraries))),
        ("Models in 4 bits (memory is an estimate)", tuple(names)),
        ("Data", data),
    )
    return Report(sections, tuple(missing), unusable)


def verdict(preset: Preset, cards: Sequence[Graphics], ram_gib: float) -> str:
    """Whether a preset runs on this machine, in a few words; what it needs is an estimate."""
    if preset.folder is not None:
        return "runs on any processor" if shipped(preset) else "not in this installation"
    needed, largest = preset.memory_gb * 1e9 / _GIB, max((card.gib for card in cards), default=0.0)
    if largest >= needed:
        return "fits this GPU"
    if needed <= ram_gib * 0.9:
        return f"{'too large for this GPU' if cards else 'no GPU'}: on the processor, {_pace(preset)}"
    return f"{'too large for this GPU' if cards else 'no GPU'}, and too large for this memory"


def files_of(preset: Preset) -> str:
    """Whether its files are on this machine. Asks nobody."""
    if preset.folder is not None:
        return "comes with Soliloquy" if shipped(preset) else "not here: soliloquy train demo"
    return {"here": "files are here", "partly here": "partly downloaded", "not here": "not downloaded"}[state_of(preset.hub or "")]


def _pace(preset: Preset) -> str:
    return "far too slow to watch" if preset.parameters_billion >= _SLOW_FROM_BILLION else "slow"


def fits(name: str, preset: Preset, cards: tuple[Graphics, ...], ram_gib: float) -> str:
    """Whether and where a preset runs, as one line."""
    if preset.folder is not None:
        return f"{name}: runs here, on any processor" if shipped(preset) else f"{name}: would run on any processor, but is not installed"
    needed = preset.memory_gb * 1e9 / _GIB
    here = "on this machine already" if state_of(preset.hub or "") == "here" else "to be downloaded first"
    need = f"needs about {needed:.0f} GiB"
    largest = max((card.gib for card in cards), default=0.0)
    if largest >= needed:
        return f"{name}: fits on one graphics card ({need}; {here})"
    if needed <= ram_gib * 0.9:
        return f"{name}: fits in memory, but {_pace(preset)} on the processor ({need}; {here})"
    return f"{name}: does not fit ({need})"


def processor_name() -> str:
    """The processor's name as the system tells it."""
    return _cpu_fact("model name") or platform.processor() or platform.machine()


def read_model() -> str:
    """The model that runs use unless another one is named."""
    try:
        return read_settings().model
    except StorageError:
        return "demo"


def _instructions() -> str:
    flags = set(_cpu_fact("flags").split())
    if not flags:
        return "vector instructions unknown"
    words = [word for word, present in (("AVX-512", "avx512f" in flags), ("AVX2", "avx2" in flags)) if present]
    return " and ".join(words) or "neither AVX2 nor AVX-512: 4-bit models will be slow"


def _cpu_fact(name: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == name), "")


def graphics(missing: list[str]) -> tuple[Graphics, ...]:
    try:
        quieten()
        import torch

        if not torch.cuda.is_available():
            if shutil.which("nvidia-smi"):
                missing.append("There is an NVIDIA driver, but this torch cannot use it: install the CUDA build of torch.")
            return ()
        found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        return tuple(Graphics(each.name, each.total_memory / _GIB) for each in found)
    except (ImportError, OSError, RuntimeError) as error:
        missing.append(f"torch cannot be used ({type(error).__name__}): install Soliloquy again.")
        return ()


def _versions(missing: list[str]) -> list[str]:
    lines = []
    for name in _LIBRARIES:
        found = _found(name)
        if found is None:
            missing.append(f"The library {name} is not installed: install Soliloquy again.")
        else:
            lines.append(f"{name} {found}")
    return lines


def _found(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _data(missing: list[str]) -> tuple[tuple[str, ...], bool]:
    """Lines about what is kept, and whether anything can be."""
    try:
        settings, path = read_settings(), database_path()
    except StorageError as error:
        missing.append(str(error))
        return ("The settings cannot be read.",), False
    state = inspect_database(path)
    words, remedy = {
        "none": ("not there yet; the first run creates it", ""),
        "ready": (f"ready, runs: {state.runs}, {state.bytes / 1e6:.1f} MB", ""),
        "older": (f"from an older version, runs: {state.runs}; it is brought up to date when it is next opened", ""),
        "newer": ("from a newer version", "The database was written by a newer Soliloquy: update this one, or set SOLILOQUY_HOME."),
        "foreign": ("another program's", "The database file belongs to another program: set SOLILOQUY_DATABASE_URL to a file of its own."),
        "damaged": ("cannot be read", "The database cannot be read: allow reading it, or put a backup copy in its place."),
    }[state.state]
    folder = next(parent for parent in (path.parent, *path.parents) if parent.is_dir())
    writable = os.access(folder, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))
    if remedy:
        missing.append(remedy)
    if not writable:
        missing.append(f"The folder {folder} cannot be written: allow writing, or set SOLILOQUY_HOME to another folder.")
    free = shutil.disk_usage(folder).free / _GIB
    if free < 1:
        missing.append(f"The disk of {folder} is nearly full: free some space.")
    lines = (f"Folder: {settings.home}", f"Database: {path} ({words})", f"Free disk space: {free:.0f} GiB", f"Model: {settings.model}")
    return lines, writable and not remedy
