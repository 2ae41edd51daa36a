"""The shape of a model, from its config.json or from what is known of a preset: enough to count parameters without the weights."""

import json
import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from reasoning.presets import packaged


class Shape(BaseModel):
    """A decoder with grouped-query attention and a gated feed-forward layer. Widths are in numbers, not bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int
    width: int
    inner: int
    heads: int
    key_value_heads: int
    head_width: int
    vocabulary: int
    tied: bool = False
    biased: bool = False
    normed_heads: bool = False

    def matrices(self) -> dict[str, tuple[int, int]]:
        """The linear layers of one block by name: (in, out)."""
        queries, keys = self.heads * self.head_width, self.key_value_heads * self.head_width
        return {
            "q_proj": (self.width, queries),
            "k_proj": (self.width, keys),
            "v_proj": (self.width, keys),
            "o_proj": (queries, self.width),
            "gate_proj": (self.width, self.inner),
            "up_proj": (self.width, self.inner),
            "down_proj": (self.inner, self.width),
        }

    @property
    def in_matrices(self) -> int:
        """Parameters in the linear layers of all blocks: what is held in four bits."""
        return self.layers * sum(wide * high for wide, high in self.matrices().values())

    @property
    def in_embeddings(self) -> int:
        """Parameters of the embeddings and the output head."""
        return self.vocabulary * self.width * (1 if self.tied else 2)

    @property
    def in_the_rest(self) -> int:
        """Parameters of norms and biases."""
        queries, keys = self.heads * self.head_width, self.key_value_heads * self.head_width
        biases = queries + 2 * keys if self.biased else 0
        norms = 2 * self.width + (2 * self.head_width if self.normed_heads else 0)
        return self.layers * (norms + biases) + self.width

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.in_matrices + self.in_embeddings + self.in_the_rest


@cache
def known_shapes() -> dict[str, Shape]:
    """Shapes of presets by name."""
    table = tomllib.loads(packaged("training/adapters/shapes.toml").read_text("utf-8"))
    return {name: Shape.model_validate(entry) for name, entry in table.items()}


def read_shape(folder: Path) -> Shape | None:
    """The shape of a model on this machine, or None for another kind of model."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        return Shape(
            layers=config["num_hidden_layers"],
            width=config["hidden_size"],
            inner=config["intermediate_size"],
            heads=config["num_attention_heads"],
            key_value_heads=config.get("num_key_value_heads", config["num_attention_heads"]),
            head_width=config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"],
            vocabulary=config["vocab_size"],
            tied=bool(config.get("tie_word_embeddings", False)),
            biased=config.get("model_type") == "qwen2" or bool(config.get("attention_bias")),
            normed_heads=config.get("model_type") == "qwen3",
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
