"""A training looked at before it is begun: what would be learnt, how much memory it takes, what is missing. Nothing is changed."""

import re
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch

from reasoning.engines.engine import EngineError
from reasoning.own_adapters import place_of
from reasoning.training.adapters import libraries
from reasoning.training.adapters.base import Base, load_tokenizer
from reasoning.training.adapters.configuration import AdapterConfiguration
from reasoning.training.adapters.data import Data
from reasoning.training.adapters.examples import CONTROL, TOO_LONG, read_examples
from reasoning.training.adapters.memory import ASSUMPTIONS, GB, adapter_parameters, estimate
from reasoning.training.adapters.order import steps_of
from reasoning.training.adapters.shape import Shape, known_shapes, read_shape

CHARACTERS_A_TOKEN = 3.0
"""Where the base's tokenizer is not on this machine; assumed, on the side of too many tokens for English notes."""


@dataclass(frozen=True)
class Checked:
    """Titles with lines to print, and what keeps the training from running here."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Lengths:
    used: list[int]
    left_out: Counter[str]
    counted_by: str


def check(base: Base, data: Data, configuration: AdapterConfiguration, processes: int) -> Checked:
    """All that can be known of a training without its weights. Raises ConfigurationError when the settings do not fit together."""
    accumulation = configuration.accumulation(processes)
    folder = _folder(base)
    lengths = _lengths(folder, data, configuration.longest)
    problems = libraries.missing(configuration.sharding)
    if not lengths.used:
        problems.append("No record is left to learn: raise `longest` in the configuration, or give other records.")
    shape = (read_shape(folder) if folder else None) or known_shapes().get(place_of(base.name))
    steps = steps_of(len(lengths.used), configuration.batch, configuration.epochs) if lengths.used else 0
    schedule = (
        f"{configuration.minutes:g} minutes at most {steps} steps of {configuration.batch} records"
        if configuration.minutes
        else f"{steps} steps of {configuration.batch} records: {configuration.epochs:g} epochs"
    )
    sections = [
        ("Configuration", (f"{configuration.name}: {configuration.summary}", _recipe(configuration))),
        ("Base", (f"{base.id}, {'on this machine' if folder else 'to be downloaded first'}",)),
        ("Data", tuple(_data_lines(data, lengths, configuration))),
        ("Schedule", (schedule, f"{processes} x {configuration.per_device} records a pass, {accumulation} passes a step")),
    ]
    if shape and lengths.used:
        needed, lines = _memory(shape, configuration, max(lengths.used), processes)
        sections.append(("Memory of each device, estimated", lines))
        problems += _too_small(needed)
    else:
        sections.append(("Memory of each device", ("not estimated: the shape of this base is not known",)))
    return Checked(tuple(sections), tuple(problems))


def _folder(base: Base) -> Path | None:
    try:
        return base.folder(download=False)
    except EngineError:
        if re.fullmatch(r"[\w.-]+/[\w.-]+", base.location):  # a hub id: not fetched for a look
            return None
        raise


def _recipe(configuration: AdapterConfiguration) -> str:
    weights = {"nf4": "base in NF4", "rounded": "base rounded to NF4", "none": f"base in {configuration.precision}"}
    return (
        f"rank {configuration.rank}, alpha {configuration.alpha:g}, {weights[configuration.quantization]}, "
        f"learning rate {configuration.learning_rate:g}, {configuration.schedule}, seed {configuration.seed}"
    )


def _lengths(folder: Path | None, data: Data, longest: int) -> _Lengths:
    if folder is not None:
        examples = read_examples(load_tokenizer(folder), data.pairs(), longest)
        return _Lengths(examples.lengths(), examples.left_out, "counted with the base's tokenizer")
    sizes = [
        round((sum(len(message["content"]) for message in messages) + len(completion)) / CHARACTERS_A_TOKEN)
        for messages, completion in data.pairs()
    ]
    used = [size for size in sizes if size <= longest]
    how = f"the base's tokenizer is not here: {CHARACTERS_A_TOKEN:g} characters a token assumed"
    return _Lengths(used, Counter({TOO_LONG: len(sizes) - len(used)}), how)


def _data_lines(data: Data, lengths: _Lengths, configuration: AdapterConfiguration) -> list[str]:
    others = f", {data.in_file - len(data.records)} of other strategies left aside" if data.in_file != len(data.records) else ""
    lines = [f"{data.file}: {len(data.records)} records of {data.strategy}{others}; SHA-256 {data.sha256}"]
    if lengths.used:
        median = statistics.median(lengths.used)
        lines.append(f"tokens a record: median {median:,.0f}, longest {max(lengths.used):,} ({lengths.counted_by})")
    why = {TOO_LONG: TOO_LONG.replace("the most tokens", f"{configuration.longest:,} tokens"), CONTROL: CONTROL}
    lines += [f"left out: {lengths.left_out[reason]} {text}" for reason, text in why.items() if lengths.left_out[reason]]
    if not lengths.left_out[TOO_LONG]:
        lines.append(f"none is longer than {configuration.longest:,} tokens; such records would be left out whole")
    if outdated := data.outdated():
        lines.append(f"{outdated} ask in other words than the prompts of this version: what they teach may not carry over")
    if configuration.records and configuration.records != len(data.records):
        lines.append(f"the recipe was made for {configuration.records:,} records")
    return lines


def _memory(shape: Shape, configuration: AdapterConfiguration, longest: int, processes: int) -> tuple[float, tuple[str, ...]]:
    needed = estimate(shape, configuration, longest, processes)
    rows = [f"{size / GB:7.2f} GB  {name}" for name, size in needed.terms]
    head = (
        f"base of {shape.parameters / 1e9:.2f} billion parameters, adapter of {adapter_parameters(shape, configuration) / 1e6:.1f} million"
    )
    here = () if torch.cuda.is_available() else ("No CUDA device is here to compare this with.",)
    return needed.total, (head, *rows, f"{needed.total / GB:7.2f} GB  in all", *ASSUMPTIONS, *here)


def _too_small(needed: float) -> list[str]:
    if not torch.cuda.is_available():
        return []
    smallest = min(torch.cuda.get_device_properties(index).total_memory for index in range(torch.cuda.device_count()))
    if needed <= smallest:
        return []
    return [f"The estimate of {needed / GB:.1f} GB is more than the {smallest / GB:.1f} GB of a device here: share it, or use four bits."]
