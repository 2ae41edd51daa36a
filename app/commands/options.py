"""Options that several commands share, each explained once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Quantization(StrEnum):
    nf4 = "nf4"
    none = "none"


class Inner(StrEnum):
    vanilla = "vanilla"
    cot = "cot"
    longstep = "longstep"
    longmonolog = "longmonolog"


STRATEGIES = "vanilla, cot, longstep, longmonolog or majority_vote"

StrategyName = Annotated[str, typer.Option("--strategy", "-s", metavar="NAME", help=f"How to reason: {STRATEGIES}.")]
Model = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="PRESET|PATH|HUB_ID", help="The model; default: SOLILOQUY_MODEL, or the demonstration model."),
]
Adapter = Annotated[
    Path | None,
    typer.Option("--adapter", metavar="PATH", help="Folder of a LoRA adapter for the chosen strategy (longstep or longmonolog)."),
]
Quantize = Annotated[Quantization, typer.Option("--quantization", help="4-bit NF4, or the weights as they are stored.")]
Samples = Annotated[int | None, typer.Option("--samples", "-n", metavar="N", help="How many chains vote (majority_vote).  [default: 5]")]
InnerName = Annotated[
    Inner | None, typer.Option("--inner", metavar="NAME", help="How each voting chain reasons (majority_vote).  [default: longmonolog]")
]
Temperature = Annotated[
    float | None, typer.Option("--temperature", "-t", metavar="T", help="0 takes the likeliest token.  [default: 0; 0.7 in a vote]")
]
Think = Annotated[int, typer.Option("--think", metavar="TOKENS", help="Most thinking tokens a sample; then the answer is asked for.")]
Answer = Annotated[int, typer.Option("--answer", metavar="TOKENS", help="Most answer tokens a sample.")]
MinimumThink = Annotated[
    int, typer.Option("--minimum-think", metavar="TOKENS", help='Fewest thinking tokens: a chain that stops earlier goes on with "Wait".')
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Sample i draws from the stream seed + i.", min=0, max=2**31 - 1)]
