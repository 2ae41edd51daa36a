"""Borrows what a small pretrained encoder knows of words: its list of whole words, and their input embeddings.

A reader trained on a few thousand wordings knows only their words. An encoder's embeddings place a word that training never
says near one that it does, so both are read alike. Only the table of input embeddings is borrowed, and it is folded into
the model's own: what ships is a plain Qwen2 model. Meant for all-MiniLM-L6-v2 (Apache-2.0); any BERT-like folder will do.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn.utils import parametrize
from transformers import Qwen2ForCausalLM

WORDS = 12_000
"""So many of the commonest whole words are worth a piece of their own; encoders list words by how common they are."""


def whole_words(encoder: Path, most: int = WORDS) -> list[str]:
    """The commonest words of three letters and more that the encoder has a piece for, commonest first."""
    vocabulary = Tokenizer.from_file(str(encoder / "tokenizer.json")).get_vocab()
    common = sorted(vocabulary, key=vocabulary.__getitem__)
    return [word for word in common if len(word) > 2 and word.isascii() and word.isalpha()][:most]


def as_texts(words: Sequence[str], times: int = 12) -> Iterator[str]:
    """Texts from which a tokenizer learns a piece for each word: often enough to be merged, after what our own texts say."""
    for _ in range(times):
        yield " " + " ".join(words)


def lent_embeddings(encoder: Path, tokenizer: Tokenizer) -> torch.Tensor:
    """For each piece of our tokenizer the encoder's standardised embedding of the same whole word: pieces by width, 0 for no word."""
    table = next(value for name, value in load_file(encoder / "model.safetensors").items() if name.endswith("word_embeddings.weight"))
    table = (table.float() - table.float().mean(0)) / table.float().std(0)
    words = Tokenizer.from_file(str(encoder / "tokenizer.json")).get_vocab()
    lent = torch.zeros(tokenizer.get_vocab_size(), table.shape[1])
    for i in range(len(lent)):
        written = tokenizer.decode([i])
        word = written.strip().lower()
        if written.startswith(" ") and word in words:  # without the blank it is a part of some longer word
            lent[i] = table[words[word]]
    return lent


class Borrowed(nn.Module):
    """An embedding table that is the sum of its own and a learnt turn of the lent one."""

    lent: torch.Tensor

    def __init__(self, lent: torch.Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("lent", lent)
        self.turn = nn.Linear(lent.shape[1], width, bias=False)
        nn.init.normal_(self.turn.weight, std=0.02 / lent.shape[1] ** 0.5)

    def forward(self, own: torch.Tensor) -> torch.Tensor:
        """The table that the model sees, of the same shape as its own."""
        return own + self.turn(self.lent)


def borrow(model: Qwen2ForCausalLM, lent: torch.Tensor) -> None:
    """From now on the model's embeddings, going in and coming out, are its own plus what is borrowed."""
    parametrize.register_parametrization(model.model.embed_tokens, "weight", Borrowed(lent, model.config.hidden_size))


def keep_borrowed(model: Qwen2ForCausalLM) -> None:
    """Folds what was borrowed into the model's own embeddings: a plain model again."""
    if parametrize.is_parametrized(model.model.embed_tokens):
        parametrize.remove_parametrizations(model.model.embed_tokens, "weight", leave_parametrized=True)
        model.tie_weights()
