"""`soliloquy models`: what there is, what is known of it, and how it gets here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.asking import adapters_given, named
from app.machine import Graphics, verdict
from reasoning.engines.engine import EngineError
from reasoning.engines.hub import local_copy, state_of
from reasoning.engines.loading import find_adapter
from reasoning.presets import PRESET_FILE, EngineSettings, load_engine, presets
from tests.app.hub import REVISION, played

WEIGHTS = bytes(range(256)) * 4000
FILES = {"config.json": b'{"model_type": "qwen2"}', "tokenizer.json": b"{}", "model.safetensors": WEIGHTS, "README.md": b"# A model"}

PULL = "import sys; from reasoning.engines.hub import pull; pull(sys.argv[1])"
"""What the command does, without the time that the command line takes."""

Say = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Run a program in a process of its own, for the hub's client reads its settings once; the cache is empty at first."""

    def run(program: str, *words: str, hub: str = "http://127.0.0.1:9") -> subprocess.CompletedProcess:
        told = {"HF_ENDPOINT": hub, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HOME": str(tmp_path / "hf"), "SOLILOQUY_HOME": str(tmp_path)}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        command = [sys.executable, "-c", program, *words]
        return subprocess.run(command, env={**inherited, **told}, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache of this process, empty, and a hub that nobody answers for."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub"


def laid_into(cache: Path, id: str, place: Path) -> Path:
    """A copy of a folder as the hub's cache would keep it."""
    kept = cache / f"models--{id.replace('/', '--')}"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text(REVISION)
    return Path(shutil.copytree(place, kept / "snapshots" / REVISION))


def test_every_preset_is_listed_with_a_verdict_and_where_its_files_are(runner: CliRunner, home: Path) -> None:
    rows = {line.split("  ")[0]: line for line in runner.invoke(cli, ["models"]).stdout.splitlines()[1:]}
    assert set(rows) == set(presets())
    assert "runs on any processor" in rows["demo"]
    assert "comes with Soliloquy" in rows["demo"]
    assert all(any(words in row for words in ("GPU", "processor")) for row in rows.values())
    assert all(any(words in row for words in ("files are here", "downloaded", "comes with")) for row in rows.values())
    assert not home.exists(), "it changes nothing"


@pytest.mark.parametrize(
    ("gib", "ram", "said"),
    [
        ((24.0,), 16.0, "fits this GPU"),
        ((12.0,), 64.0, "too large for this GPU: on the processor, far too slow to watch"),
        ((12.0,), 16.0, "too large for this GPU, and too large for this memory"),
        ((), 64.0, "no GPU: on the processor, far too slow to watch"),
        ((), 16.0, "no GPU, and too large for this memory"),
    ],
)
def test_the_verdict_names_what_is_too_small(gib: tuple[float, ...], ram: float, said: str) -> None:
    assert verdict(presets()["qwen3-32b"], [Graphics("a card", size) for size in gib], ram) == said


def test_show_prints_what_is_known_with_its_source_and_says_what_is_not(runner: CliRunner, home: Path) -> None:
    text = runner.invoke(cli, ["models", "show", "qwen3-32b"]).stdout
    for words in ("Qwen/Qwen3-32B", "Apache-2.0 (its model card)", "temperature 0.6, top_p 0.95, top_k 20 (top_k not applied)", "estimate"):
        assert words in text, words
    assert "MedQA 88.92" in text
    assert "model card of II-Medical-32B-Preview" in text
    assert runner.invoke(cli, ["models", "show", "Qwen/Qwen3-32B"]).stdout == text
    unknown = runner.invoke(cli, ["models", "show", "ii-medical-32b"]).stdout
    assert "not known here: read its card" in unknown
    nothing = runner.invoke(cli, ["models", "show", "psychic"])
    assert nothing.exit_code == 2
    assert "soliloquy models" in nothing.stderr


@pytest.mark.parametrize("name", ["gpt-oss-20b", "medgemma-27b"])
def test_show_tells_of_a_small_model_what_long_reasoning_did_to_such(runner: CliRunner, home: Path, name: str) -> None:
    assert "lost accuracy" in runner.invoke(cli, ["models", "show", name]).stdout
    assert "lost accuracy" not in runner.invoke(cli, ["models", "show", "demo"]).stdout


def test_a_model_is_pulled_with_the_files_it_needs_and_no_others(say: Say) -> None:
    files = {**FILES, "original/consolidated.safetensors": b"the same again"}
    with played("some/model", files) as hub:
        done = say("from app.cli import main; main()", "models", "pull", "some/model", hub=hub.url)
        assert done.returncode == 0, done.stderr
        assert sorted(hub.fetched()) == ["config.json", "model.safetensors", "tokenizer.json"]
        assert "/api/agent-harnesses" not in [path for _, path in hub.asked], "nothing is asked but for the model"
    folder = Path(done.stdout.split("Folder: ")[1].strip())
    assert folder.name == REVISION
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert "3 files" in done.stdout
    assert "Fetching 3 files" in done.stderr, "there is a progress bar"


def test_a_pull_that_failed_goes_on_with_what_is_missing(say: Say) -> None:
    with played("some/model", FILES) as hub:
        hub.failing = {"model.safetensors"}
        stopped = say(PULL, "some/model", hub=hub.url)
        assert stopped.returncode == 1
        assert "what has come whole is kept" in stopped.stderr
        hub.failing, hub.asked = set(), []
        assert say(PULL, "some/model", hub=hub.url).returncode == 0
        assert hub.fetched() == ["model.safetensors"]


def test_a_file_with_other_bytes_than_the_hub_states_is_never_kept(say: Say, tmp_path: Path) -> None:
    with played("some/model", FILES) as hub:
        hub.spoiled = {"model.safetensors"}
        spoiled = say(PULL, "some/model", hub=hub.url)
        assert spoiled.returncode == 1
        assert "another hash than the hub states" in spoiled.stderr
        assert hub.fetched().count("model.safetensors") == 2, "it was tried once more"
        assert not list(tmp_path.glob("hub/**/model.safetensors"))
        hub.spoiled = set()
        assert say(PULL, "some/model", hub=hub.url).returncode == 0


def test_a_gated_model_says_where_its_terms_are(say: Say) -> None:
    with played("some/model", FILES) as hub:
        hub.gated = True
        refused = say(PULL, "some/model", hub=hub.url)
    assert refused.returncode == 1
    assert "https://huggingface.co/some/model" in refused.stderr
    assert "hf auth login" in refused.stderr


def test_without_a_network_it_says_what_to_copy_where(say: Say, tmp_path: Path) -> None:
    offline = say("from app.cli import main; main()", "models", "pull", "qwen3-32b")
    assert offline.returncode == 1
    for words in ("soliloquy models pull Qwen/Qwen3-32B", "models--Qwen--Qwen3-32B", f"Put it into {tmp_path / 'hub'} on this machine"):
        assert words in offline.stderr, words


def test_what_is_not_to_be_fetched_is_refused_in_a_sentence(runner: CliRunner, home: Path) -> None:
    for name, words in (("demo", "nothing to fetch"), ("psychic", "There is no model psychic")):
        refused = runner.invoke(cli, ["models", "pull", name])
        assert refused.exit_code == 2
        assert words in refused.stderr


def test_models_and_adapters_of_the_cache_run_without_asking_the_hub_for_anything(cache: Path, folder: Path) -> None:
    laid_into(cache, "tiny/base", folder)
    laid_into(cache, "tiny/longstep", folder.parent / "longstep")
    with played("tiny/base", {}) as hub:
        huggingface_hub.constants.ENDPOINT = hub.url
        settings = EngineSettings(quantization="none", device="cpu", adapters={"longstep": find_adapter("tiny/longstep")})
        card = load_engine("tiny/base", settings).card
        assert hub.asked == []
    assert (card.id, card.revision) == ("tiny/base", REVISION)
    assert set(card.adapters) == {"longstep"}


def test_a_run_fetches_nothing_by_itself(cache: Path) -> None:
    with played("some/model", FILES) as hub:
        huggingface_hub.constants.ENDPOINT = hub.url
        with pytest.raises(EngineError, match="soliloquy models pull some/model"):
            load_engine("some/model")
        with pytest.raises(EngineError, match="soliloquy models pull some/adapter"):
            find_adapter("some/adapter")
        assert hub.asked == []


def test_a_copy_that_lacks_some_of_its_weights_is_not_taken_for_a_model(cache: Path, folder: Path) -> None:
    assert state_of("tiny/base") == "not here"
    copy = laid_into(cache, "tiny/base", folder)
    assert (state_of("tiny/base"), local_copy("tiny/base")) == ("here", copy)
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    assert local_copy("tiny/base") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--adapter", "psychic=here"], "no adapter for 'psychic'"),
        (["--adapter", "longstep=a", "--adapter", "longstep=b"], "one place for each strategy"),
        (["--adapter", "longstep=a", "--adapter", "b"], "names the place of longstep twice"),
        (["--strategy", "vanilla", "--adapter", "somewhere"], "NAME=PATH"),
    ],
)
def test_an_adapter_that_is_asked_for_wrongly(runner: CliRunner, home: Path, words: list[str], said: str) -> None:
    result = runner.invoke(cli, ["reason", "-", *words], input="A man of 60 with a hot toe since last night.")
    assert result.exit_code == 2
    assert said in result.stderr


def test_adapters_are_named_by_the_strategy_they_are_for() -> None:
    given = adapters_given(["longstep=adapters/mine", "cot=me/cot-adapter", "name/with=signs"])
    assert given == {"longstep": "adapters/mine", "cot": "me/cot-adapter", None: "name/with=signs"}
    assert named(given, "longmonolog") == {"longstep": "adapters/mine", "cot": "me/cot-adapter", "longmonolog": "name/with=signs"}


def test_a_folder_of_ones_own_is_described_by_its_preset_file(runner: CliRunner, home: Path, folder: Path) -> None:
    own = folder.parent / "own"
    own.mkdir(exist_ok=True)
    (own / PRESET_FILE).write_text('like = "qwen3-32b"\nfolder = "../base"\ntitle = "Mine"\nparameters_billion = 0.1\ncontext = 8192\n')
    text = runner.invoke(cli, ["models", "show", str(own)]).stdout
    assert text.startswith("Mine")
    assert "<think> … </think>" in text
