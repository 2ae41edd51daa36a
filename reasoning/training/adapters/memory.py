"""How much memory a tuning needs on each device: a sum whose terms and assumptions are printed, not a measurement."""

from dataclasses import dataclass

from reasoning.training.adapters.configuration import AdapterConfiguration
from reasoning.training.adapters.shape import Shape

GB = 1e9
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes of a weight in NF4 with double quantisation: half a byte, a byte a block of 64, four bytes a block of 256 of those."""
_HEAD_TILE = 4096 * 32768 * 4 * 2
"""TRL scores 4096 tokens against 32768 words at a time, in float32, with a second tile for their gradient."""
_CUDA = 1.5e9

ASSUMPTIONS = (
    "Of each layer only its input is kept (gradient checkpointing), 2 bytes a number; one layer at a time is computed again, which keeps "
    "24 bytes x width + 8 x inner + 4 x key-value width a token (counted on Qwen2 layers with autograd's own hooks), and half as much "
    "again for gradients passing through.",
    "Attention is computed without its score matrix (PyTorch's or flash attention on a CUDA device).",
    "1.5 GB for CUDA itself and the caches of its libraries; memory lost between blocks is not in the sum: leave a tenth free.",
)


@dataclass(frozen=True)
class Estimate:
    """Bytes on one device, term by term."""

    terms: tuple[tuple[str, float], ...]

    @property
    def total(self) -> float:
        """Bytes on one device."""
        return sum(size for _, size in self.terms)


def adapter_parameters(shape: Shape, configuration: AdapterConfiguration) -> int:
    """Parameters of the LoRA adapter: rank times (in + out) of each matrix that gets one."""
    chosen = configuration.targets
    sizes = (sum(size) for name, size in shape.matrices().items() if chosen == "all-linear" or name in chosen)
    return configuration.rank * shape.layers * sum(sizes)


def estimate(shape: Shape, configuration: AdapterConfiguration, longest: int, processes: int) -> Estimate:
    """Bytes on each of `processes` devices when the longest examples of `longest` tokens fill a pass."""
    shards = processes if configuration.sharding != "none" else 1
    wide = 4 if configuration.precision == "float32" or configuration.quantization == "rounded" else 2
    adapter = adapter_parameters(shape, configuration)
    tokens = configuration.per_device * longest
    block = max(size[0] * size[1] for size in shape.matrices().values())
    if configuration.quantization == "nf4":
        weights = ("weights: matrices in 4 bits, embeddings and head in 2 bytes, the rest in 4", _four_bits(shape))
        working = ("one matrix unpacked to 2 bytes", 2.0 * block)
    else:
        weights = (f"weights in {wide} bytes{_over(shards)}", wide * shape.parameters / shards)
        layer = wide * shape.in_matrices / shape.layers
        gathered = 2 * layer + wide * shape.vocabulary * shape.width
        working = ("gathered whole: two layers, one of them ahead, and the output head", gathered) if shards > 1 else ("", 0.0)
    # ZeRO-3 keeps a narrow adapter beside a wide copy; elsewhere the adapter itself is wide.
    narrow = configuration.sharding == "zero3"
    terms = [
        weights,
        working,
        (f"adapter in {'2 and 4' if narrow else '4'} bytes{_over(shards)}", (6.0 if narrow else 4.0) * adapter / shards),
        (f"its gradients{_over(shards)}", (2.0 if narrow else 4.0) * adapter / shards),
        (f"two AdamW states{_over(shards)}", 8.0 * adapter / shards),
        *_activations(shape, configuration, tokens),
        ("tiles of the output head", min(_HEAD_TILE, 8.0 * tokens * shape.vocabulary)),
        ("CUDA itself", _CUDA),
    ]
    return Estimate(tuple((name, size) for name, size in terms if size))


def _four_bits(shape: Shape) -> float:
    return _NF4 * shape.in_matrices + 2.0 * shape.in_embeddings + 4.0 * shape.in_the_rest


def _activations(shape: Shape, configuration: AdapterConfiguration, tokens: int) -> list[tuple[str, float]]:
    keys = shape.key_value_heads * shape.head_width
    layer = tokens * (24.0 * shape.width + 8.0 * shape.inner + 4.0 * keys)
    if configuration.dropout:
        layer += 4.0 * tokens * sum(wide for wide, _ in shape.matrices().values())
    if not configuration.gradient_checkpointing:
        return [(f"activations of all layers, {tokens:,} tokens", 1.5 * layer + (shape.layers - 1) * layer)]
    return [
        (f"inputs of all layers, {tokens:,} tokens", 2.0 * tokens * shape.width * shape.layers),
        ("one layer computed again", 1.5 * layer),
    ]


def _over(shards: int) -> str:
    return f", divided among {shards}" if shards > 1 else ""
