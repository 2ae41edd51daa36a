"""A tiny random Qwen2 with its own tokenizer: the real 4-bit path in a second."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from reasoning.engines.local import LocalEngine

NOTE = (
    "63 y/o F, 2 days of sudden SOB and pleuritic chest pain.\n"
    'Says "worst ever". L calf 3 cm > R. T 38.5, BP 102/60, SpO2 91% RA.\n\n'
    "Hx: CKD3a, metformin 500 mg bd 💊. 发热 三天. Naïve to opioids.\u2028No haemoptysis."
)
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<answer>", "</answer>"]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    text = [NOTE, "1. Pulmonary embolism | leading | very likely | can't miss\nfor: none\nagainst: none\nmissing: D-dimer\n"] * 3
    tokenizer.train_from_iterator(text, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = _TEMPLATE
    return fast


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("model") / "base"
    tokenizer = tiny_tokenizer()
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 10,  # padded, as real models are
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        initializer_range=0.3,  # large enough for logits that differ clearly
        eos_token_id=tokenizer.eos_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    for seed, name in enumerate(("longstep", "longmonolog")):
        torch.manual_seed(seed)
        adapted = get_peft_model(Qwen2ForCausalLM(config), LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
        adapted.save_pretrained(path.parent / name)
    return path


@pytest.fixture(scope="session")
def engine(folder: Path) -> LocalEngine:
    """Full precision, so that two ways of computing the same thing agree to the token."""
    return LocalEngine(folder, "none", "cpu", {name: folder.parent / name for name in ("longstep", "longmonolog")})


@pytest.fixture(scope="session")
def four_bit(folder: Path) -> LocalEngine:
    return LocalEngine(folder, "nf4", "cpu", {"longstep": folder.parent / "longstep"})


@pytest.fixture
def widths(engine: LocalEngine) -> "list[tuple[int, int]]":
    """The (rows, tokens) of every forward pass while a test runs."""
    seen: list[tuple[int, int]] = []

    def note(_module: object, _args: object, kwargs: dict[str, torch.Tensor]) -> None:
        seen.append(tuple(kwargs["input_ids"].shape))

    handle = engine._loaded.model.register_forward_pre_hook(note, with_kwargs=True)
    yield seen
    handle.remove()


@pytest.fixture
def say(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> "Callable[[str], None]":
    """Let every sample write a given text instead of what the model would choose, and end-of-text after it."""
    from reasoning.engines import row

    def script(text: str) -> None:
        ids = engine._encode(text)
        start = row.Row.__init__
        accept = row.Row.accept

        def begin(self: row.Row, *args: object) -> None:
            start(self, *args)
            self.script = list(ids)

        monkeypatch.setattr(row.Row, "__init__", begin)
        end = engine._tokenizer.eos_token_id
        monkeypatch.setattr(row.Row, "accept", lambda self, token, logprob: accept(self, (self.script or [end]).pop(0), logprob))

    return script
