"""The journey in miniature, from nothing: data, base models of two sizes, adapters for three ways of thinking, and the table.

What arXiv 2501.06458 did to models of 7 to 72 billion parameters is done to ones of a few million: traces are synthesised and
curated, each base learns everything but long reasoning, adapters learn to reason from the traces alone, and all of them answer
the same held-out cases, with and without a vote. Every stage leaves its result in the folder and is skipped when it is there.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.evaluation.suite import parse_arms, prepare, run_suite
from reasoning.evaluation.suite.baseline import measure_baselines
from reasoning.journey.curation import curate
from reasoning.journey.decontamination import ngrams_of
from reasoning.journey.demo_table import Place, write_table
from reasoning.journey.from_knowledge import synthesize_from_knowledge
from reasoning.journey.lines import read_rows, write_rows
from reasoning.journey.record import JourneyError, JourneyRecord, Source, Style
from reasoning.journey.synthesis import begun
from reasoning.presets import PRESET_FILE, EngineSettings, load_engine
from reasoning.strategies import Budget
from reasoning.training.adapters.base import Base
from reasoning.training.adapters.configuration import load_configuration
from reasoning.training.adapters.data import read_data
from reasoning.training.adapters.trainer import tune_on_records
from reasoning.training.base import BaseConfiguration, save_base, train_base
from reasoning.training.corpus import SHARES
from reasoning.training.demonstration import prepare_tokenizer

TRACE_SEED = 100_000_000
"""First seed of the cases that traces are written for; no base meets them."""
STYLES = (Style.cot, Style.longstep, Style.longmonolog)
BASE_SHARES = {kind: share for kind, share in SHARES.items() if kind not in ("longstep", "longmonolog")}
"""The bases meet no long reasoning, so that whatever they do of it, they learnt from the traces."""
PROMPTED, TUNED = "prompted", "tuned"
ARMS = {PROMPTED: ("vanilla", "cot"), TUNED: ("cot", "longstep", "longmonolog")}

Report = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """A base model: its shape, and how long it is trained. `width` and `inner` are multiples of NF4's blocks of 64."""

    name: str
    minutes: float
    width: int
    layers: int
    heads: int
    inner: int
    length: int = 1152


@dataclass(frozen=True)
class Scale:
    """How much of everything.

    `keep` traces of `tried` cases for each way of thinking, `minutes` for each adapter; `cases` are answered once, the first
    `voted` of them again in a vote of `votes`.
    """

    sizes: tuple[Size, ...]
    tried: int
    keep: int
    minutes: float
    cases: int
    voted: int
    votes: int
    thinking_tokens: int
    answer_tokens: int = 900
    tokenizer_examples: int = 1000
    compiled: bool = True


FULL = Scale(
    sizes=(Size("small", 12, 256, 4, 4, 704), Size("base", 40, 384, 7, 6, 1024)),
    tried=800, keep=500, minutes=4, cases=1000, voted=150, votes=8, thinking_tokens=1024,
)  # fmt: skip
QUICK = Scale(
    sizes=(Size("small", 1.0, 128, 3, 4, 384), Size("base", 2.0, 192, 4, 6, 512)),
    tried=60, keep=40, minutes=0.4, cases=8, voted=8, votes=3, thinking_tokens=256, tokenizer_examples=200, compiled=False,
)  # fmt: skip


def run_demo(folder: Path, scale: Scale, report: Report = lambda line: None) -> Path:
    """Everything, stage by stage; the path of the table. Started again, it goes on. Raises what the stages raise."""
    folder.mkdir(parents=True, exist_ok=True)
    _check_scale(folder, scale)
    traces = {style: _traces(folder / "data", style, scale, report) for style in STYLES}
    for size in scale.sizes:
        place = folder / size.name
        _train_base(place, size, scale, report)
        for style, file in traces.items():
            _tune(place, style, file, scale, report)
        for kind, strategies in ARMS.items():
            _evaluate(folder, size, kind, strategies, scale, report)
    places = [
        Place(size.name, kind == TUNED, evaluation_folder(folder, size, kind, voted))
        for size in scale.sizes
        for kind in ARMS
        for voted in (False, True)
    ]
    return write_table(folder, places)


def evaluation_folder(folder: Path, size: Size, kind: str, voted: bool) -> Path:
    """Where the answers of a base, prompted or tuned, alone or voted, are kept."""
    return folder / "evaluation" / f"{size.name}-{kind}{'-voted' if voted else ''}"


def _check_scale(folder: Path, scale: Scale) -> None:
    """A folder holds one scale: figures of two would be mixed in one table."""
    file, settings = folder / "scale.json", json.loads(json.dumps(asdict(scale)))
    if not file.exists():
        file.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    elif json.loads(file.read_text("utf-8")) != settings:
        raise JourneyError(f"{folder} holds a journey of another scale: choose another folder with --out.")


def _traces(folder: Path, style: Style, scale: Scale, report: Report) -> Path:
    """The curated traces of one way of thinking, clear of every case of the evaluation."""
    chosen = folder / f"{style.value}.jsonl"
    if chosen.exists():
        return chosen
    folder.mkdir(exist_ok=True)
    knowledge, raw = load_knowledge(), folder / f"{style.value}-all.jsonl"
    before = begun(raw, style, Source.knowledge)
    synthesize_from_knowledge(raw, style, before, scale.tried, TRACE_SEED)
    texts = [generate_case(seed, "heldout", knowledge).case.text for seed in range(scale.cases)]
    curated = curate(read_rows(raw, JourneyRecord), knowledge, scale.keep, evaluations={"generated:heldout": ngrams_of(texts)})
    write_rows(chosen, curated.kept)
    dropped = ", ".join(f"{loss.count} {loss.stage}" for loss in curated.losses) or "none"
    report(f"{style.value}: kept {len(curated.kept)} traces of {scale.tried} cases; dropped: {dropped}")
    return chosen


def _train_base(place: Path, size: Size, scale: Scale, report: Report) -> None:
    base, work = place / "base", place / "work"
    if (base / "model.safetensors").exists():
        return
    tokenizer = prepare_tokenizer(place, scale.tokenizer_examples)
    work.mkdir(exist_ok=True)
    shape = {name: getattr(size, name) for name in ("minutes", "width", "layers", "heads", "inner", "length")}
    configuration = BaseConfiguration(**shape, compiled=scale.compiled)
    model = train_base(
        load_knowledge(), tokenizer._tokenizer, configuration, work, partial(_tell_base, report, size.name), shares=BASE_SHARES
    )
    save_base(model, base)
    shutil.copy(work / "base.json", base / "training.json")
    _write_preset(place, size, model.num_parameters())


def _tell_base(report: Report, name: str, row: dict[str, float]) -> None:
    report(f"{name}: step {row['step']:.0f}, {row['minutes']:.1f} of {row['of']:g} min, next-token loss {row['reply']:.3f}")


def _write_preset(place: Path, size: Size, parameters: int) -> None:
    """What makes `--model FOLDER` work: the demonstration model's prompts and closed vocabulary."""
    lines = [
        f'title = "Journey demo, {size.name}"', 'folder = "base"', f"parameters_billion = {parameters / 1e9:.6f}", "context = 2048",
        'prompt_family = "demonstration"', "closed_vocabulary = true", "demonstration = true",
    ]  # fmt: skip
    (place / PRESET_FILE).write_text("\n".join(lines) + "\n", "utf-8")


def _tune(place: Path, style: Style, file: Path, scale: Scale, report: Report) -> None:
    out = place / style.strategy
    if (out / "adapter_config.json").exists():
        return
    base = Base(place.name, f"soliloquy/journey-{place.name}", str(place / "base"), "demonstration")
    configuration = load_configuration("demonstration", minutes=scale.minutes, log_every=1)
    record = tune_on_records(base, read_data(file, base), configuration, out, lambda row: None)
    report(
        f"{place.name}: {style.strategy} learnt in {record['steps']} steps, loss {record['first_loss']:.3f} to {record['last_loss']:.3f}"
    )


def _evaluate(folder: Path, size: Size, kind: str, strategies: Sequence[str], scale: Scale, report: Report) -> None:
    """Each way of thinking alone and voted; what a killed run left is gone on with."""
    place = folder / size.name
    adapters = {name: place / name for name in strategies if kind == TUNED}
    settings = EngineSettings(adapters=adapters, width=128)
    budget = Budget(thinking_tokens=scale.thinking_tokens, answer_tokens=scale.answer_tokens)
    for voted, cases in ((False, scale.cases), (True, scale.voted)):
        names = [f"majority_vote:samples={scale.votes}:inner={name}" for name in strategies] if voted else strategies
        out = evaluation_folder(folder, size, kind, voted)
        prepared = prepare("generated:heldout", parse_arms(names, budget), limit=cases, model=f"journey-{size.name}-{kind}")
        run_suite(out, prepared, lambda: load_engine(str(place), settings), resume=out.exists(), at_once=128)
        if not voted:
            measure_baselines(out, prepared)
        report(f"{size.name}: {kind} strategies answered {cases} cases{f', {scale.votes} samples each' if voted else ''}")
