"""Borrowed embeddings: an encoder's words become pieces, its vectors a part of ours, and what ships is a plain model."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from cases.knowledge import load_knowledge
from reasoning.training.base import BaseConfiguration, new_model, save_base, train_base
from reasoning.training.borrowing import as_texts, borrow, keep_borrowed, lent_embeddings, whole_words
from reasoning.training.corpus import SHARES, make_example, render
from reasoning.training.tokenizer import train_tokenizer

KNOWLEDGE = load_knowledge()
WORDS = ("[PAD]", "[UNK]", "a", "of", "the", "puffed", "winded", "waterworks", "##ing", "naïve", "c3")
SMALL = BaseConfiguration(
    minutes=0.02, width=64, layers=3, heads=4, key_value_heads=2, inner=128, length=1024, rows_per_step=2, compiled=False
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    save_file({"embeddings.word_embeddings.weight": torch.randn(len(WORDS), 8)}, folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def tokenizer(encoder: Path) -> Tokenizer:
    texts = [part for kind in SHARES for seed in range(10) for part in render(make_example(KNOWLEDGE, kind, seed))]
    return train_tokenizer([*texts, *as_texts(whole_words(encoder), times=40)], 2048)._tokenizer


def test_only_whole_words_are_borrowed_the_commonest_first(encoder: Path) -> None:
    assert whole_words(encoder) == ["the", "puffed", "winded", "waterworks"]
    assert whole_words(encoder, most=2) == ["the", "puffed"]


def test_an_encoders_word_becomes_one_piece_with_its_vector(encoder: Path, tokenizer: Tokenizer) -> None:
    lent = lent_embeddings(encoder, tokenizer)
    (piece,) = tokenizer.encode(" winded", add_special_tokens=False).ids
    table = load_file(encoder / "model.safetensors")["embeddings.word_embeddings.weight"]
    standard = (table - table.mean(0)) / table.std(0)
    assert torch.allclose(lent[piece], standard[WORDS.index("winded")])


def test_a_part_of_a_word_borrows_nothing(encoder: Path, tokenizer: Tokenizer) -> None:
    lent = lent_embeddings(encoder, tokenizer)
    parts = [i for i in range(len(lent)) if not tokenizer.decode([i]).startswith(" ")]
    assert parts
    assert not lent[parts].any()


def test_folding_in_leaves_a_plain_model_that_says_the_same() -> None:
    model = new_model(SMALL, 50)
    borrow(model, torch.randn(50, 8))
    ids = torch.arange(10).unsqueeze(0)
    with torch.no_grad():
        before = model.model(ids).last_hidden_state @ model.model.embed_tokens.weight.T
        keep_borrowed(model)
        after = model(ids).logits
    assert torch.allclose(before, after, atol=1e-5)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert not [name for name in model.state_dict() if "parametrizations" in name]


def test_training_moves_what_is_borrowed_and_goes_on_where_it_stopped(encoder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    lent = lent_embeddings(encoder, tokenizer)
    told: list[dict[str, float]] = []
    train_base(KNOWLEDGE, tokenizer, SMALL, tmp_path, told.append, lent=lent)
    first = torch.load(tmp_path / "checkpoint.pt")
    model = train_base(KNOWLEDGE, tokenizer, replace(SMALL, minutes=0.04), tmp_path, told.append, lent=lent)
    second = torch.load(tmp_path / "checkpoint.pt")
    assert second["step"] > first["step"] > 0
    turn = "model.embed_tokens.parametrizations.weight.0.turn.weight"
    assert not torch.equal(first["model"][turn], second["model"][turn])
    save_base(model, tmp_path / "base")
    kept = load_file(tmp_path / "base" / "model.safetensors")["model.embed_tokens.weight"].float()
    own = second["model"]["model.embed_tokens.parametrizations.weight.original"]
    assert torch.allclose(kept, own + lent @ second["model"][turn].T, atol=0.02)
