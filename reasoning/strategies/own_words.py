"""What a strategy can tell the demonstration model: it knows four tasks and no others, but it reads on from thoughts of its own kind.

Its traces were written in a few set ways. A later round forces a sentence of that kind into its thoughts, marked as forced, and
the model thinks on from there. Models of the general family get a prompt instead.
"""

from collections.abc import Sequence

from reasoning.engines.engine import ModelCard


def follows_prompts(card: ModelCard) -> bool:
    """Whether the model can be asked for something in words."""
    return card.prompt_family != "demonstration"


def first_thought(chain: str, diagnoses: Sequence[str]) -> str:
    """A list of diagnoses, the likeliest first, as thoughts of that chain (cot, longstep or longmonolog)."""
    leader, listed = diagnoses[0], "; ".join(diagnoses)
    match chain:
        case "longstep":
            return f"## Hypotheses\n{listed}\n"
        case "longmonolog":
            return f"My first thought is {leader}. What else could it be? {listed}.\n"
        case _:
            others = " and ".join(diagnoses[1:3])
            return f"This points to {leader}{f'; {others} are also possible' if others else ''}."


def doubt(chain: str, doubted: str, better: str, finding: str) -> str:
    """That one diagnosis does not go with a finding, as thoughts of that chain behind `first_thought`."""
    match chain:
        case "longstep":
            return f"## Elimination\n{doubted} does not fit with {finding}.\n"
        case "longmonolog":
            return f"Wait, I was too quick. {doubted} does not fit well with {finding}. {better} explains more.\n"
        case _:
            return f" Against {doubted}: {finding}."
