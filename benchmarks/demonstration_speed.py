"""Speed and memory of the shipped demonstration model through the 4-bit engine: run from the repository's root.

    .venv/bin/python benchmarks/demonstration_speed.py

Prints one JSON document: load time, memory, time to the first token, tokens per second at several widths.
"""

import json
import platform
import time

import psutil
import torch
from bitsandbytes.nn import Linear4bit

from cases.generator import generate_case
from reasoning.engines.engine import Phase, Request, Sampling
from reasoning.engines.wide import keep_plain_copies
from reasoning.presets import EngineSettings, load_engine
from reasoning.prompts import render

TOKENS = 96


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(": ")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def milliseconds(layer: Linear4bit, rows: int) -> float:
    """The fastest of twenty passes of so many rows through a 4-bit layer."""
    inputs = torch.randn(rows, layer.in_features, dtype=torch.bfloat16)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(20):
            began = time.perf_counter()
            layer(inputs)
            best = min(best, time.perf_counter() - began)
    return round(best * 1000, 3)


def one_layer() -> list[dict[str, float]]:
    """A 1024 x 384 layer in NF4: bitsandbytes' kernel beside the plain copy that the engine keeps for many rows."""
    layers = []
    for _ in range(2):
        layer = Linear4bit(384, 1024, bias=False, compute_dtype=torch.bfloat16, compress_statistics=True, quant_type="nf4").to("cpu")
        layers.append(layer.requires_grad_(False).eval())
    kernel, copied = layers
    keep_plain_copies(torch.nn.Sequential(copied))
    widths = (1, 4, 8, 32, 128)
    return [{"rows": rows, "kernel_ms": milliseconds(kernel, rows), "copy_ms": milliseconds(copied, rows)} for rows in widths]


def main() -> None:
    process = psutil.Process()
    before, began = process.memory_info().rss, time.monotonic()
    engine = load_engine("demo", EngineSettings(width=128))
    loaded = time.monotonic() - began
    figures = []
    for samples in (1, 4, 8, 16, 32, 128):
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
            first = first if first is not None or chunk.forced else time.monotonic() - began
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
        "one_layer": one_layer(),
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
