"""Options that several commands share, each explained once."""

from enum import StrEnum
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
    chain_of_draft = "chain_of_draft"
    budget_forcing = "budget_forcing"
    thought_switching_penalty = "thought_switching_penalty"


STRATEGIES = (
    "vanilla, cot, longstep, longmonolog, chain_of_draft, majority_vote, adaptive_vote, multi_temperature, weighted_vote, "
    "budget_forcing, thought_switching_penalty, challenger, discriminating_finding or think_twice; `soliloquy strategies` explains them"
)

StrategyName = Annotated[str, typer.Option("--strategy", "-s", metavar="NAME", help=f"How to reason: {STRATEGIES}.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="PRESET|PATH|HUB_ID|remote", help="The model; default: SOLILOQUY_MODEL, or the demonstration model."
    ),
]
Adapter = Annotated[
    list[str] | None,
    typer.Option(
        "--adapter",
        metavar="[NAME=]PATH|HUB_ID",
        help="A LoRA adapter for cot, longstep or longmonolog, such as longstep=adapters/mine; without a name it is for the strategy "
        "chosen. Give it again for another strategy.",
    ),
]
Quantize = Annotated[Quantization, typer.Option("--quantization", help="4-bit NF4, or the weights as they are stored.")]
Samples = Annotated[
    int | None,
    typer.Option("--samples", "-n", metavar="N", help="How many chains vote; in adaptive_vote, at most.  [default: the strategy's]"),
]
InnerName = Annotated[
    Inner | None, typer.Option("--inner", metavar="NAME", help="How each chain of a vote or a revision reasons.  [default: the strategy's]")
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        "-t",
        metavar="T",
        help="0 takes the likeliest token.  [default: what the model's makers recommend, else 0, or 0.7 in a vote]",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Another parameter of the strategy, such as threshold=0.9 or words=Wait/Hmm; repeat it for several. "
        "`soliloquy strategies NAME` lists them.",
    ),
]
Think = Annotated[int, typer.Option("--think", metavar="TOKENS", help="Most thinking tokens a sample; then the answer is asked for.")]
Answer = Annotated[int, typer.Option("--answer", metavar="TOKENS", help="Most answer tokens a sample.")]
MinimumThink = Annotated[
    int, typer.Option("--minimum-think", metavar="TOKENS", help='Fewest thinking tokens: a chain that stops earlier goes on with "Wait".')
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Sample i draws from the stream seed + i.", min=0, max=2**31 - 1)]
