"""Models and adapters in the hub's cache on this machine. Only `pull` asks the hub for anything, and only a person asks for `pull`."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from reasoning.engines.engine import EngineError

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # its client reads this once, when it is imported, and asks for more than files

WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
UNWANTED = ["*/*"]
"""Weights, tokenizer and configuration lie at the top; folders hold other formats of the same weights."""

_BLOCK = 1 << 20
_TO_SPARE = 1 << 30

State = Literal["here", "partly here", "not here"]


@dataclass(frozen=True)
class Pulled:
    """What a pull brought: every file has the size and the hash that the hub states for it."""

    folder: Path
    revision: str
    files: int
    bytes: int


def local_copy(id: str) -> Path | None:
    """The folder of a complete copy in the hub's cache, or None. Asks nobody."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # Without the patterns a copy that was pulled with them counts as incomplete: the cache knows the whole list of files.
        folder = Path(snapshot_download(id, local_files_only=True, allow_patterns=WANTED, ignore_patterns=UNWANTED))
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None
    return folder if _complete(folder) else None


def state_of(id: str) -> State:
    """Whether a copy is on this machine. Asks nobody."""
    if local_copy(id) is not None:
        return "here"
    return "partly here" if any((cache_folder(id) / "blobs").glob("*")) else "not here"


def cache_folder(id: str) -> Path:
    """Where the hub's cache keeps this model, whether it is there or not."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{id.replace('/', '--')}"


def bring_it(id: str) -> str:
    """How a model gets onto a machine that does not reach the hub: what to copy where, one line a step."""
    target = cache_folder(id)
    return "\n".join(
        (
            f"On a machine that reaches the hub: soliloquy models pull {id}   (or: hf download {id})",
            f"Take the folder {target.name} out of the hub's cache there (~/.cache/huggingface/hub), with its links: rsync -a, or tar",
            f"Put it into {target.parent} on this machine, under the same name",
        )
    )


def pull(id: str) -> Pulled:
    """Fetch what is missing of a model or adapter and verify all of it; whole files that are here already are kept. Raises EngineError.

    A file whose size or hash is not the hub's is thrown away and fetched once more.
    """
    try:
        revision, files = _listed(id)
        _leave_room(id, revision, files)
        folder = _fetch(id, revision)
        if bad := [file for file in files if not _is_right(folder / file.path, file)]:
            for file in bad:
                _throw_away(folder / file.path)
            folder = _fetch(id, revision)
            bad = [file for file in bad if not _is_right(folder / file.path, file)]
    except EngineError:
        raise
    except Exception as error:  # the client, its HTTP library and the disk each raise their own kinds
        raise EngineError(_explained(id, error)) from error
    if bad:
        for file in bad:
            _throw_away(folder / file.path)
        raise EngineError(
            f"{bad[0].path} of {id} arrived twice with another hash than the hub states: try again later, or another network."
        )
    return Pulled(folder, revision, len(files), sum(file.size for file in files))


def _complete(folder: Path) -> bool:
    """Whether all weights are there that the index names; a copy made by hand may lack some."""
    if not ((folder / "config.json").is_file() or (folder / "adapter_config.json").is_file()):
        return False
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return any(folder.glob("*.safetensors"))
    try:
        named = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return all((folder / name).is_file() for name in named)


def _listed(id: str) -> tuple[str, list[Any]]:
    """The newest revision and its files that are wanted, with sizes and hashes."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi()
    revision = str(api.model_info(id).sha)
    top = [file for file in api.list_repo_tree(id, revision=revision) if isinstance(file, RepoFile)]
    files = [file for file in top if "/" not in file.path and any(fnmatch(file.path, pattern) for pattern in WANTED)]
    if not any(file.path.endswith(".safetensors") for file in files):
        raise EngineError(f"{id} holds no safetensors weights, and other kinds of files are not loaded here: choose another model.")
    return revision, files


def _leave_room(id: str, revision: str, files: list[Any]) -> None:
    here = cache_folder(id) / "snapshots" / revision
    needed = sum(file.size for file in files if not (here / file.path).exists()) + _TO_SPARE
    disk = next(folder for folder in cache_folder(id).parents if folder.is_dir())
    free = shutil.disk_usage(disk).free
    if needed > free:
        raise EngineError(
            f"{id} needs {needed / 1e9:.0f} GB more on the disk of {disk}, which has {free / 1e9:.0f} GB free: free some space, or set "
            "HF_HUB_CACHE to a larger disk."
        )


def _fetch(id: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(id, allow_patterns=WANTED, ignore_patterns=UNWANTED, max_workers=4))
    if folder.name != revision:
        raise EngineError(f"{id} was changed on the hub while it was fetched, or the hub went away: pull it again.")
    return folder


def _is_right(path: Path, file: Any) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.lfs is not None else hashlib.sha1(b"blob %d\0" % file.size)  # git's own, for small files
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == (file.lfs.sha256 if file.lfs is not None else file.blob_id)


def _throw_away(path: Path) -> None:
    path.resolve().unlink(missing_ok=True)  # what the link points to: the content is kept under its hash
    path.unlink(missing_ok=True)


def _explained(id: str, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    if isinstance(error, HFValidationError):
        return f"{id} is no name on the hub: give a preset of `soliloquy models`, or an id such as Qwen/Qwen3-32B."
    if isinstance(error, GatedRepoError):
        return (
            f"{id} is only for those who accepted its terms: do so at https://huggingface.co/{id}, then `hf auth login`, then pull again."
        )
    if isinstance(error, RepositoryNotFoundError):
        return f"The hub has no model {id}, or shows it only to those it knows: check the name, or `hf auth login` and pull again."
    if isinstance(error, HfHubHTTPError):
        return f"The hub refused ({error.response.status_code}): what has come whole is kept; pull {id} again later."
    return f"The hub cannot be reached ({type(error).__name__}); what has come whole is kept. Pull {id} again, or bring it:\n{bring_it(id)}"
