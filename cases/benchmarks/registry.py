"""Every data set by name: what it is, where its file comes from, and how it is read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from cases.benchmarks.craft_md import craft_md_item
from cases.benchmarks.diagnosis_arena import diagnosis_arena_item
from cases.benchmarks.dxbench import dxbench_item
from cases.benchmarks.errors import BenchmarkError, UnusableRow, WrongFormat
from cases.benchmarks.generated import generated_items
from cases.benchmarks.item import BenchmarkItem
from cases.benchmarks.jama import jama_item
from cases.benchmarks.medbullets import medbullets_item
from cases.benchmarks.medqa import medqa_item
from cases.benchmarks.medxpertqa import medxpertqa_item
from cases.benchmarks.open_xddx import open_xddx_item
from cases.benchmarks.own import own_item
from cases.benchmarks.rows import Row, read_rows
from cases.benchmarks.teaching import library_items

GENERATED_CASES = 1_000


@dataclass(frozen=True)
class Dataset:
    """`item` reads one row of its file; a set without a file is `made` instead.

    `free_form` sets were published to be answered without their options; the others are asked with them.
    """

    name: str
    about: str
    source: str = ""
    licence: str = ""
    form: str = ""
    item: Callable[[Row], BenchmarkItem] | None = None
    made: Callable[[], Iterator[BenchmarkItem]] | None = None
    free_form: bool = False


_GENERATED = ("made here, from the knowledge base", "Apache-2.0", "no file")
_MEDQA = ("github.com/jind11/MedQA", "MIT", "JSON lines")
_MEDBULLETS = ("github.com/HanjieChen/ChallengeClinicalQA", "none stated", "JSON table or CSV")
_ASK = "see the source"

_ALL = (
    Dataset("generated:heldout", "generated cases of the held-out split", *_GENERATED, made=partial(generated_items, "heldout")),
    Dataset("generated:train", "generated cases of the training split", *_GENERATED, made=partial(generated_items, "train")),
    Dataset("library", "the built-in teaching cases", "ships with Soliloquy", "Apache-2.0", "no file", made=library_items),
    Dataset("medqa-4", "MedQA, four options", *_MEDQA, partial(medqa_item, count=4)),
    Dataset("medqa-5", "MedQA, five options", *_MEDQA, partial(medqa_item, count=5)),
    Dataset("medbullets-4", "Medbullets, four options", *_MEDBULLETS, partial(medbullets_item, count=4)),
    Dataset("medbullets-5", "Medbullets, five options", *_MEDBULLETS, partial(medbullets_item, count=5)),
    Dataset(
        "jama", "JAMA Clinical Challenge", "your own copy: only links are public", "all rights reserved", "JSON records or CSV", jama_item
    ),
    Dataset("medxpertqa", "MedXpertQA, Text part", "hub: TsinghuaC3I/MedXpertQA", "MIT", "JSON lines", medxpertqa_item),
    Dataset(
        "open-xddx",
        "expert differentials with evidence",
        "github.com/betterzhou/Dual-Inf",
        "research use",
        "Excel or JSON lines",
        open_xddx_item,
    ),
    Dataset(
        "craft-md", "vignettes with a free-form diagnosis", "github.com/rajpurkarlab/craft-md", "MIT", "CSV", craft_md_item, free_form=True
    ),
    Dataset(
        "diagnosisarena",
        "case reports of 28 specialties",
        "hub: shzyk/DiagnosisArena",
        _ASK,
        "JSON lines or JSON",
        diagnosis_arena_item,
        free_form=True,
    ),
    Dataset(
        "dxbench",
        "symptom lists with three candidates",
        "github.com/FreedomIntelligence/Chain-of-Diagnosis",
        "none stated",
        "JSON records",
        dxbench_item,
        free_form=True,
    ),
    Dataset("own", "your own cases", "you", "yours", "CSV, TSV, JSON, JSON lines or Excel", partial(own_item, dataset="own")),
)
DATASETS = {dataset.name: dataset for dataset in _ALL}


@dataclass(frozen=True)
class Benchmark:
    """What was read, and the rows that were not: their number belongs beside every figure."""

    name: str
    items: tuple[BenchmarkItem, ...]
    left_out: tuple[UnusableRow, ...] = ()


def read_benchmark(name: str, file: Path | None = None, limit: int | None = None) -> Benchmark:
    """The items of a data set in published order, at most `limit` (1,000 where the set has no end).

    Raises WrongFormat when the file is another set's, BenchmarkError when the name is unknown or a file is missing, or when there is
    nothing to use in it; both say what to do.
    """
    dataset = DATASETS.get(name)
    if dataset is None:
        raise BenchmarkError(name, "", f"there is no such data set: choose one of {', '.join(DATASETS)}.")
    if dataset.made is not None:
        if file is not None:
            raise BenchmarkError(name, "", "this set is built in and reads no file: leave the file out.")
        return Benchmark(name, tuple(islice(dataset.made(), GENERATED_CASES if limit is None else limit)))
    if file is None or dataset.item is None:
        raise BenchmarkError(name, "", f"this set is read from a file that you bring ({dataset.source}): give its path.")
    return _from_rows(name, read_rows(file), dataset.item, file.name, limit)


def _from_rows(name: str, rows: Iterable[Row], item: Callable[[Row], BenchmarkItem], file: str, limit: int | None) -> Benchmark:
    items: list[BenchmarkItem] = []
    left_out: list[UnusableRow] = []
    places: dict[str, str] = {}
    for row in rows:
        if limit is not None and len(items) >= limit:
            break
        try:
            read = item(row)
        except UnusableRow as error:
            left_out.append(error)
            continue
        if read.id in places:
            raise row.wrong_format(f"its id is that of {places[read.id]} too: give every row an id of its own.")
        places[read.id] = row.place
        items.append(read)
    if not items:
        raise left_out[0] if left_out else WrongFormat(file, "", "there is no case in this file.")
    return Benchmark(name, tuple(items), tuple(left_out))
