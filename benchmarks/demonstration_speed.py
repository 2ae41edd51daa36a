"""Speed and memory of the shipped demonstration model through the 4-bit engine: run from the repository's root.

    .venv/bin/python benchmarks/demonstration_speed.py

Prints one JSON document: load time, memory, time to the first token, tokens per second at several widths.
"""

import json
import platform
import time

import psutil
import torch

from cases.generator import generate_case
from reasoning.engines.engine import Phase, Request, Sampling
from reasoning.presets import load_engine
from reasoning.prompts import render

TOKENS = 96


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(": ")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    process = psutil.Process()
    before, began = process.memory_info().rss, time.monotonic()
    engine = load_engine("demo")
    loaded = time.monotonic() - began
    figures = []
    for samples in (1, 4, 8, 16, 32):
        case = generate_case(4_000_000 + samples, "heldout").case
        request = Request(
            messages=render("demonstration", "longstep", case),
            phases=(Phase("thinking", "<think>\n", TOKENS, "never written"),),
            samples=samples,
            sampling=Sampling(0.7, 0.95),
            adapter="longstep",
        )
        for _ in engine.stream([request]):
            break  # the first call pays for caches that later ones find warm
        began, first, tokens = time.monotonic(), None, 0
        for chunk in engine.stream([request]):
            tokens += chunk.tokens
            first = first or time.monotonic() - began
        seconds = time.monotonic() - began
        figures.append({"samples": samples, "tokens_per_second": round(tokens / seconds, 1), "first_token_seconds": round(first or 0, 3)})
    document = {
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "load_seconds": round(loaded, 2),
        "memory_megabytes": round((process.memory_info().rss - before) / 1e6),
        "quantization": engine.card.quantization,
        "widths": figures,
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
