"""What each remedy for reading free text gives: small readers, trained alike but for one thing, asked for wordings they never saw.

    .venv/bin/python benchmarks/reading_remedies.py --minutes 3 --encoder FOLDER

A reader is the input half of the demonstration model: embeddings, a few layers, and a head that names at the last word of each
wording which finding it states, and whether it is denied. `--encoder` is the folder of a BERT-like encoder (tokenizer.json,
model.safetensors) whose words and input embeddings are borrowed; without it those two rows are left out.
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

import reasoning
from cases.generator import held_out_phrasing
from cases.knowledge import Finding, Knowledge, load_knowledge
from cases.note import fill_numbers, mistype
from reasoning.evaluation.metrics import Share
from reasoning.training.base import BaseConfiguration, new_model
from reasoning.training.borrowing import as_texts, borrow, lent_embeddings, whole_words
from reasoning.training.corpus import SHARES, make_example, render, with_dropout
from reasoning.training.tokenizer import VOCABULARY, train_tokenizer

DEMONSTRATION = Path(reasoning.__file__).parent / "demonstration" / "base"
RESULTS = Path(__file__).parent / "results" / "reading_remedies.json"
FINDINGS_PER_ROW, ROWS_PER_STEP = 32, 16
UNASKED = -100


@dataclass(frozen=True)
class Remedy:
    """One reader. `known` is the share of the taught wordings that it may learn from."""

    name: str
    known: float = 1.0
    pools: tuple[str, ...] = ("clinical", "lay", "abbreviation", "measured")
    slips: float = 0.0
    unmerged: float = 0.1
    pieces: str = "own"
    borrowed: bool = False
    width: int = 384
    layers: int = 3
    longer: float = 1.0


USUAL = Remedy("as the demonstration model reads")
REMEDIES = (
    USUAL,
    replace(USUAL, name="half of the wordings", known=0.5),
    replace(USUAL, name="no lay wordings", pools=("clinical", "abbreviation", "measured")),
    replace(USUAL, name="no words left unmerged", unmerged=0.0),
    replace(USUAL, name="slips of the keyboard", slips=0.1),
    replace(USUAL, name="six layers", layers=6),
    replace(USUAL, name="width 576", width=576),
    replace(USUAL, name="three times as long", longer=3.0),
    replace(USUAL, name="more whole words", pieces="words"),
    replace(USUAL, name="more whole words, and an encoder's embeddings of them", pieces="words", borrowed=True),
)


class Reader(nn.Module):
    """Embeddings, layers, and a head of two tags for each finding."""

    def __init__(self, remedy: Remedy, pieces: int, tags: int, lent: torch.Tensor | None) -> None:
        super().__init__()
        torch.manual_seed(0)
        heads = remedy.width // 64
        shape = BaseConfiguration(1, width=remedy.width, layers=remedy.layers, heads=heads, key_value_heads=heads // 3)
        model = new_model(shape, pieces)
        if lent is not None:
            borrow(model, lent)
        self.body = model.model
        self.head = nn.Linear(remedy.width, tags, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        hidden = self.body.embed_tokens(ids)
        places = torch.arange(ids.shape[1]).unsqueeze(0)
        turns = self.body.rotary_emb(hidden, places)
        for layer in self.body.layers:
            hidden = layer(hidden, attention_mask=None, position_ids=places, position_embeddings=turns)
        return self.head(functional.rms_norm(hidden, hidden.shape[-1:]))


Wordings = dict[tuple[int, bool], list[str]]


def wordings(knowledge: Knowledge, taught: bool, remedy: Remedy) -> Wordings:
    """The wordings of each finding, present and denied, that training may use, or those that it may not."""

    def chosen(finding: Finding, present: bool) -> list[str]:
        pools = finding.phrasings if present else finding.negated
        whole = [p for name in remedy.pools for p in getattr(pools, name)] or list(pools.all())
        mine = [p for p in (whole if taught else pools.all()) if held_out_phrasing(finding.id, p) != taught]
        kept = [p for p in mine if random.Random(f"{finding.id}:{p}").random() < remedy.known] if taught else mine
        return kept or mine

    found = {(i, present): chosen(f, present) for i, f in enumerate(knowledge.findings.values()) for present in (False, True)}
    return {key: pool for key, pool in found.items() if pool}


def row(tokenizer: Tokenizer, said: Sequence[tuple[int, bool, str]], draw: random.Random) -> tuple[list[int], list[int]]:
    """Wordings behind one another as ids, with the tag at the last piece of each and UNASKED elsewhere."""
    ids, tags = list[int](), list[int]()
    for finding, present, words in said:
        pieces = tokenizer.encode(f" {words}", add_special_tokens=False).ids
        ids += pieces + tokenizer.encode(draw.choice((",", ".", ";", " and")), add_special_tokens=False).ids
        tags += [UNASKED] * (len(pieces) - 1) + [2 * finding + present]
        tags += [UNASKED] * (len(ids) - len(tags))
    return ids, tags


def padded(rows: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = -(-max(len(ids) for ids, _ in rows) // 64) * 64
    return (
        torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows]),
        torch.tensor([tags + [UNASKED] * (longest - len(tags)) for _, tags in rows]),
    )


def drawn(tokenizer: Tokenizer, pool: Wordings, remedy: Remedy, seed: int) -> tuple[list[int], list[int]]:
    """A training row: other findings each time, a third of them denied."""
    draw = random.Random(seed)
    findings = draw.sample(sorted({finding for finding, _ in pool}), FINDINGS_PER_ROW)
    said = []
    for finding in findings:
        present = draw.random() < 0.65
        key = (finding, present) if (finding, present) in pool else (finding, not present)
        said.append((*key, mistype(fill_numbers(draw.choice(pool[key]), draw), remedy.slips, draw)))
    return row(tokenizer, said, draw)


def asked(tokenizer: Tokenizer, pool: Wordings, most: int = 1500) -> Iterator[list[tuple[list[int], list[int]]]]:
    """Rows for measuring: at most so many wordings of the pool, the same for every remedy with the same pool."""
    draw = random.Random(7)
    said = [(*key, fill_numbers(words, draw)) for key, options in pool.items() for words in options]
    draw.shuffle(said)
    said = said[:most]
    for at in range(0, len(said), FINDINGS_PER_ROW * ROWS_PER_STEP):
        part = said[at : at + FINDINGS_PER_ROW * ROWS_PER_STEP]
        yield [row(tokenizer, part[i : i + FINDINGS_PER_ROW], draw) for i in range(0, len(part), FINDINGS_PER_ROW)]


def measure(reader: Reader, tokenizer: Tokenizer, pool: Wordings) -> dict[str, Share]:
    """Share of wordings whose finding is named, and whose finding and denial both are."""
    n = named = right = 0
    with torch.no_grad():
        for rows in asked(tokenizer, pool):
            ids, tags = padded(rows)
            at = tags != UNASKED
            said, true = reader(ids)[at].argmax(-1), tags[at]
            n, named, right = n + len(true), named + int((said // 2 == true // 2).sum()), right + int((said == true).sum())
    return {"finding": Share(named, n), "finding and denial": Share(right, n)}


def train(remedy: Remedy, knowledge: Knowledge, tokenizer: Tokenizer, lent: torch.Tensor | None, minutes: float) -> tuple[Reader, int]:
    """A reader trained for so many minutes, and the number of its steps."""
    pool = wordings(knowledge, True, remedy)
    splitting = with_dropout(tokenizer, remedy.unmerged) if remedy.unmerged else tokenizer
    reader = Reader(remedy, tokenizer.get_vocab_size(), 2 * len(knowledge.findings), lent)
    steered = [p for name, p in reader.named_parameters() if p.ndim == 2 and "layers" in name]
    others = [p for p in reader.parameters() if not any(p is matrix for matrix in steered)]
    optimisers = [
        torch.optim.Muon(steered, lr=0.02, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=3e-3, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    full = [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    began, step, share = time.monotonic(), 0, 0.0
    while share < 1:
        rows = [drawn(splitting, pool, remedy, step * ROWS_PER_STEP + i) for i in range(ROWS_PER_STEP)]
        ids, tags = padded(rows)
        with torch.autocast("cpu", torch.bfloat16):
            scores = reader(ids)
        functional.cross_entropy(scores[tags != UNASKED].float(), tags[tags != UNASKED]).backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        for optimiser, rate in zip(optimisers, full, strict=True):
            optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 20, max(0.02, (1 - share) / 0.6))
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        step, share = step + 1, (time.monotonic() - began) / (60 * minutes)
    return reader.eval(), step


def with_whole_words(encoder: Path) -> Tokenizer:
    """Our tokenizer trained anew, twice as large, on our texts and the encoder's commonest words."""
    texts = (part for kind in SHARES for seed in range(300) for part in render(make_example(load_knowledge(), kind, seed)))
    return train_tokenizer(chain(texts, as_texts(whole_words(encoder))), 2 * VOCABULARY)._tokenizer


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=3)
    arguments.add_argument("--encoder", type=Path)
    arguments.add_argument("--only", nargs="*", help="names of remedies")
    arguments.add_argument("--out", type=Path, default=RESULTS)
    chosen = arguments.parse_args()
    knowledge = load_knowledge()
    tokenizers = {"own": Tokenizer.from_file(str(DEMONSTRATION / "tokenizer.json"))}
    if chosen.encoder:
        tokenizers["words"] = with_whole_words(chosen.encoder)
    kept = json.loads(chosen.out.read_text("utf-8")) if chosen.out.exists() else {"rows": []}
    for remedy in REMEDIES:
        if remedy.pieces not in tokenizers or (chosen.only and remedy.name not in chosen.only):
            continue
        tokenizer = tokenizers[remedy.pieces]
        lent = lent_embeddings(chosen.encoder, tokenizer) if remedy.borrowed else None
        reader, steps = train(remedy, knowledge, tokenizer, lent, chosen.minutes * remedy.longer)
        figures = {
            which: {name: [share.hits, share.n] for name, share in measure(reader, tokenizer, wordings(knowledge, taught, USUAL)).items()}
            for which, taught in (("taught", True), ("unseen", False))
        }
        outcome = {**asdict(remedy), "minutes": chosen.minutes * remedy.longer, "steps": steps, **figures}
        kept["rows"] = [r for r in kept["rows"] if r["name"] != remedy.name] + [outcome]
        kept["machine"] = f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
        chosen.out.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        print(remedy.name, steps, {k: {n: f"{h / of:.3f}" for n, (h, of) in v.items()} for k, v in figures.items()}, flush=True)


if __name__ == "__main__":
    main()
