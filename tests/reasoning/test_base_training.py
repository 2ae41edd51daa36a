"""Training the base: what each token of a note teaches, that training goes on where it stopped, and that rounding is NF4's own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from safetensors.torch import load_file
from torch.nn import functional

from cases.generator import generate_case
from cases.knowledge import load_knowledge
from reasoning.training.base import BaseConfiguration, continued, new_model, rate_at, save_base, train_base
from reasoning.training.corpus import SHARES, make_example, render, rows, tokenise
from reasoning.training.objective import SHARES_OF_LOSS, Compiled, Heads, batches, inner_states, losses, objective
from reasoning.training.pointing import COPIED, NAMED
from reasoning.training.reading import UNTAUGHT, note_signals, tag_count
from reasoning.training.rounding import four_bit_weights, matrices, rounded_to_nf4
from reasoning.training.tokenizer import train_tokenizer

KNOWLEDGE = load_knowledge()
SMALL = BaseConfiguration(
    minutes=0.05, width=64, layers=3, heads=4, key_value_heads=2, inner=128, length=1024, rows_per_step=2, compiled=False
)


@pytest.fixture(scope="module")
def tokenizer():
    examples = (make_example(KNOWLEDGE, kind, seed) for kind in SHARES for seed in range(30))
    return train_tokenizer((part for example in examples for part in render(example)), 1024)._tokenizer


@pytest.mark.parametrize("seed", range(5))
def test_the_words_of_a_finding_and_no_others_bear_its_tag(tokenizer, seed: int) -> None:
    case = generate_case(seed)
    text = f"Case: {case.case.text}\nTask: read"
    offsets = tokenizer.encode(text).offsets
    signals = note_signals(KNOWLEDGE, case, 6, offsets)
    names = list(KNOWLEDGE.findings)
    for (start, end), tag in zip(offsets, signals.tags, strict=True):
        if start < 6 or end > 6 + len(case.case.text):
            assert tag == UNTAUGHT
            continue
        stated = next((row for row in case.stated if row.start < end - 6 and start - 6 < row.end), None)
        assert tag == (0 if stated is None else 1 + 2 * names.index(stated.finding) + stated.present)
        assert tag < tag_count(KNOWLEDGE)


def test_the_last_token_knows_the_posterior_of_the_whole_note(tokenizer) -> None:
    case = generate_case(3)
    signals = note_signals(KNOWLEDGE, case, 0, tokenizer.encode(case.case.text).offsets)
    final = signals.posteriors[signals.states[-1]]
    assert np.allclose(final, list(case.posterior.values()), atol=1e-6)
    assert signals.states[0] == UNTAUGHT
    assert np.all(np.diff(signals.states) >= 0)
    assert np.allclose(signals.posteriors.sum(axis=1), 1, atol=1e-5)


def test_packed_rows_keep_what_each_example_teaches(tokenizer) -> None:
    row = next(rows(KNOWLEDGE, tokenizer, 2048))
    assert row.signals.states.max() < len(row.signals.posteriors)
    first = tokenise(KNOWLEDGE, tokenizer, make_example(KNOWLEDGE, "vanilla", 3))
    assert (first.signals.tags != UNTAUGHT).sum() > 20
    assert not any(weight for weight, tag in zip(first.weights, first.signals.tags, strict=True) if tag != UNTAUGHT)


def pointed(tokenizer, kind: str, seed: int) -> list[tuple[int, str, str, str]]:
    """Kind of pointer, the word written next, the words pointed at, for every pointing token."""
    row = tokenise(KNOWLEDGE, tokenizer, make_example(KNOWLEDGE, kind, seed))
    return [
        (kind, tokenizer.decode([row.ids[i + 1]]), tokenizer.decode(row.ids[first : last + 1]), tokenizer.decode(row.ids[: i + 1]))
        for kind in (COPIED, NAMED)
        for i, (first, last) in enumerate(row.pointers[kind].T)
        if first != UNTAUGHT
    ]


@pytest.mark.parametrize("kind", ["vanilla", "cot", "longstep", "longmonolog", "read", "quote"])
def test_a_copied_word_points_to_its_original(tokenizer, kind: str) -> None:
    copies = [row for row in pointed(tokenizer, kind, 11) if row[0] == COPIED]
    assert len(copies) > 10
    assert sum(written.strip() == source.strip() for _, written, source, _ in copies) / len(copies) > 0.9


@pytest.mark.parametrize("kind", ["cot", "longstep", "longmonolog", "read"])
def test_a_finding_named_points_to_the_words_that_state_it(tokenizer, kind: str) -> None:
    case = make_example(KNOWLEDGE, kind, 11).case
    named = {source.strip() for pointer, _, source, _ in pointed(tokenizer, kind, 11) if pointer == NAMED}
    wordings = [case.case.text[row.start : row.end] for row in case.stated]
    assert named
    assert all(any(wording in source for wording in wordings) for source in named)


def test_a_finding_knows_which_one_came_before_it(tokenizer) -> None:
    case = generate_case(4)
    offsets = tokenizer.encode(case.case.text).offsets
    signals = note_signals(KNOWLEDGE, case, 0, offsets)
    seen = [(int(before), int(tag)) for before, tag in zip(signals.earlier, signals.tags, strict=True) if before != UNTAUGHT]
    order = list(dict.fromkeys(seen))
    assert order[0][0] == 0
    assert [before for before, _ in order[1:]] == [tag for _, tag in order[:-1]]


def test_the_losses_are_the_models_own_and_the_heads(tokenizer) -> None:
    torch.manual_seed(1)
    model = new_model(SMALL, 1024)
    heads = Heads(64, tag_count(KNOWLEDGE), len(KNOWLEDGE.conditions))
    row = next(rows(KNOWLEDGE, tokenizer, 1024))
    (batch,) = batches([row], 1, torch.device("cpu"))
    parts = Compiled(lambda ids: inner_states(model, ids))
    with torch.no_grad():
        found = losses(batch, model, heads, parts)
        out = model(batch.ids, output_hidden_states=True)
        weights = batch.weights[0, 1:]
        reply = (functional.cross_entropy(out.logits[0, :-1], batch.ids[0, 1:], reduction="none") * weights).sum() / weights.sum()
        read, judged = out.hidden_states[1][0], out.hidden_states[2][0]
        tag = functional.cross_entropy(functional.rms_norm(read, (64,)) @ heads.tag.weight.T, batch.tags[0], ignore_index=UNTAUGHT)
        asked = torch.from_numpy(row.signals.states != UNTAUGHT)
        expected = torch.from_numpy(row.signals.posteriors[row.signals.states[row.signals.states != UNTAUGHT]])
        posterior = functional.cross_entropy(functional.rms_norm(judged[asked], (64,)) @ heads.posterior.weight.T, expected)
        weighted, separate = objective(batch, model, heads, parts)
    assert torch.isclose(found["reply"], reply, rtol=1e-3)
    assert torch.isclose(found["tag"], tag, rtol=1e-3)
    assert torch.isclose(found["posterior"], posterior, rtol=1e-3)
    assert float(weighted) == pytest.approx(sum(SHARES_OF_LOSS[name] * value for name, value in separate.items()), rel=1e-3)


def test_the_pointing_heads_are_the_attention_of_their_layer(tokenizer) -> None:
    torch.manual_seed(2)
    model = new_model(SMALL, 1024).eval()
    model.set_attn_implementation("eager")
    row = next(rows(KNOWLEDGE, tokenizer, 1024))
    (batch,) = batches([row], 1, torch.device("cpu"))
    with torch.no_grad():
        attention = model(batch.ids, output_attentions=True).attentions[2][0, [0, 2]]
        expected = 0.0
        for kind in (COPIED, NAMED):
            for i, (first, last) in enumerate(row.pointers[kind].T):
                if first != UNTAUGHT:
                    expected -= float(attention[kind, i, first : last + 1].sum().log())
        heads = Heads(64, tag_count(KNOWLEDGE), len(KNOWLEDGE.conditions))
        found = losses(batch, model, heads, Compiled(lambda ids: inner_states(model, ids)))["pointer"]
    assert float(found) == pytest.approx(expected / batch.counts["pointer"], rel=1e-3)


def test_a_new_model_starts_with_heads_that_look_one_two_and_more_tokens_back() -> None:
    model = new_model(replace(SMALL, width=128, heads=4), 1024).eval()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        first = model(torch.randint(0, 1024, (1, 200)), output_attentions=True).attentions[0][0]
    assert first[2].diagonal(-1).mean() > 0.7
    assert first[3].diagonal(-2)[2:].mean() > 0.7
    assert first[:2].diagonal(-1, 1, 2).mean() < 0.2


def test_training_learns_and_goes_on_where_it_stopped(tokenizer, tmp_path: Path) -> None:
    seen: list[dict[str, float]] = []
    train_base(KNOWLEDGE, tokenizer, SMALL, tmp_path, seen.append)
    first = torch.load(tmp_path / "checkpoint.pt")
    longer = BaseConfiguration(**{**SMALL.__dict__, "minutes": 0.08})
    model = train_base(KNOWLEDGE, tokenizer, longer, tmp_path, seen.append)
    second = torch.load(tmp_path / "checkpoint.pt")
    assert second["step"] > first["step"] > 1
    assert second["seed"] > first["seed"]
    row = next(rows(KNOWLEDGE, tokenizer, 1024, 10_000))
    heads = Heads(64, tag_count(KNOWLEDGE), len(KNOWLEDGE.conditions))
    (batch,) = batches([row], 1, torch.device("cpu"))
    untrained = new_model(SMALL, 1024)

    def loss(model: torch.nn.Module) -> float:
        with torch.no_grad():
            return float(objective(batch, model, heads, Compiled(lambda ids: inner_states(model, ids)))[0])

    assert loss(model) < loss(untrained)


def test_a_finished_base_is_trained_further_after_its_new_heads(tokenizer, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    save_base(train_base(KNOWLEDGE, tokenizer, SMALL, first, lambda row: None), first)
    (first / "base.json").rename(first / "training.json")
    known = json.loads((first / "training.json").read_text())
    settings = continued(0.02, known)
    assert (settings.width, settings.layers) == (SMALL.width, SMALL.layers)
    heads_only = replace(settings, compiled=False, rows_per_step=2, heads_first=10_000)
    model = train_base(KNOWLEDGE, tokenizer, heads_only, second, lambda row: None, start=first)
    weights = load_file(first / "model.safetensors")
    assert all(torch.equal(value.to(torch.bfloat16), weights[name]) for name, value in model.state_dict().items() if name in weights)
    assert json.loads((second / "base.json").read_text())["tokens"] > known["tokens"]


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [rate_at(share, SMALL) for share in (0.0, 0.01, 0.2, 0.6, 0.99)]
    assert rates[0] < rates[1] < rates[2] == 1.0 > rates[3] > rates[4] > 0


def test_rounding_gives_the_values_of_nf4() -> None:
    torch.manual_seed(0)
    weights = torch.randn(64, 128)
    packed, state = quantize_4bit(weights, quant_type="nf4", compress_statistics=False)
    kept = dequantize_4bit(packed, state)
    ours = rounded_to_nf4(weights)
    # The table of steps decides ties within 1/8192 of the middle between two levels its own way.
    assert (ours - kept).abs().gt(1e-5).float().mean() < 0.01


def test_weights_are_rounded_only_inside() -> None:
    model = new_model(SMALL, 1024)
    before = [parameter.detach().clone() for parameter in matrices(model)]
    with four_bit_weights(model):
        assert any(not torch.equal(now, then) for now, then in zip(matrices(model), before, strict=True))
    assert all(torch.equal(now, then) for now, then in zip(matrices(model), before, strict=True))
