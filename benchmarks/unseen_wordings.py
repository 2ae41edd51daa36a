"""How far wordings that were never seen can be read at all: classifiers over our own pieces, and over what an encoder knows.

    .venv/bin/python benchmarks/unseen_wordings.py --encoder FOLDER

Every wording of the knowledge base that training may use teaches a linear classifier which finding it states and whether it is
denied; 1,200 of those that it may not use are asked. `--encoder` is the folder of a BERT-like sentence encoder, such as
all-MiniLM-L6-v2.
"""

import argparse
import random
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

import reasoning
from cases.generator import held_out_phrasing
from cases.knowledge import load_knowledge
from reasoning.evaluation.metrics import Share

OWN = Path(reasoning.__file__).parent / "demonstration" / "base"
Rows = list[tuple[str, int]]


def wordings(asked: int = 1200) -> tuple[Rows, Rows]:
    """Taught and unseen wordings, each with its tag: twice the finding's place, and one more when it is present."""
    taught, unseen = Rows(), Rows()
    for i, finding in enumerate(load_knowledge().findings.values()):
        for present, pools in ((1, finding.phrasings), (0, finding.negated)):
            for words in pools.all():
                (unseen if held_out_phrasing(finding.id, words) else taught).append((words, 2 * i + present))
        taught.append((finding.name, 2 * i + 1))
    random.Random(0).shuffle(unseen)
    return taught, unseen[:asked]


def own_pieces(rows: Rows) -> torch.Tensor:
    """Which pieces of our own tokenizer a wording holds."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(OWN)
    found = torch.zeros(len(rows), len(tokenizer))
    for i, (words, _) in enumerate(rows):
        found[i, tokenizer(f" {words}", add_special_tokens=False)["input_ids"]] = 1
    return found


def encoded(folder: Path, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean input embedding of a wording's pieces, and the encoder's embedding of the whole."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    bags, wholes = [], []
    for at in range(0, len(rows), 256):
        batch = tokenizer([words for words, _ in rows[at : at + 256]], padding=True, return_tensors="pt")
        mask = batch["attention_mask"][..., None].float()
        with torch.no_grad():
            hidden, table = model(**batch).last_hidden_state, model.embeddings.word_embeddings(batch["input_ids"])
        inner = mask.clone()  # without the marks at the beginning and the end
        inner[:, 0] = 0
        inner[torch.arange(len(mask)), mask.sum(1).long().squeeze(1) - 1] = 0
        bags.append((table * inner).sum(1) / inner.sum(1).clamp(min=1))
        wholes.append((hidden * mask).sum(1) / mask.sum(1))
    return torch.cat(bags), functional.normalize(torch.cat(wholes), dim=-1)


def learnt(seen: torch.Tensor, tags: torch.Tensor, asked: torch.Tensor, rate: float, inner: int = 0) -> torch.Tensor:
    """What a classifier learnt from `seen` says of `asked`; `inner` is the width of a hidden layer."""
    torch.manual_seed(0)
    kinds = int(tags.max()) + 1
    model: nn.Module = nn.Linear(seen.shape[1], kinds)
    if inner:
        model = nn.Sequential(nn.Linear(seen.shape[1], inner), nn.ReLU(), nn.Linear(inner, kinds))
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    for _ in range(12):
        for batch in torch.randperm(len(seen)).split(256):
            optimiser.zero_grad()
            functional.cross_entropy(model(seen[batch]), tags[batch], label_smoothing=0.05).backward()
            optimiser.step()
    with torch.no_grad():
        return model(asked).argmax(1)


def tell(name: str, said: torch.Tensor, true: torch.Tensor) -> None:
    both, finding = (Share(int(right.sum()), len(true)) for right in (said == true, said // 2 == true // 2))
    print(f"{name}: finding and denial {100 * both.value:.1f} %, finding {100 * finding.value:.1f} % (n = {len(true)})", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--encoder", type=Path, required=True)
    folder = arguments.parse_args().encoder
    taught, unseen = wordings()
    tags, true = (torch.tensor([tag for _, tag in rows]) for rows in (taught, unseen))
    tell("our own pieces", learnt(own_pieces(taught), tags, own_pieces(unseen), 5e-3), true)
    (bags, wholes), (asked_bags, asked_wholes) = encoded(folder, taught), encoded(folder, unseen)
    tell("the encoder's whole embedding, nearest taught wording", tags[(asked_wholes @ wholes.T).argmax(1)], true)
    for name, seen, asked, inner in (
        ("the encoder's input embeddings", bags, asked_bags, 0),
        ("the same, with a hidden layer", bags, asked_bags, 512),
        ("the encoder's whole embedding", wholes, asked_wholes, 0),
    ):
        mean, spread = seen.mean(0), seen.std(0).clamp(min=1e-6)
        tell(name, learnt((seen - mean) / spread, tags, (asked - mean) / spread, 2e-3 if inner else 3e-3, inner), true)


if __name__ == "__main__":
    main()
