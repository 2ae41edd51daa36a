"""What the published study found of small models that reason at length."""

SMALL_MODEL = 30_000_000_000
"""Parameters below which long reasoning lost accuracy in the paper (7B to 20B did, 32B and above gained)."""


def lost_by_reasoning(parameters: int) -> str:
    """The finding in words, for a model of so many parameters; empty for a large one and for one of unknown size (0).

    Source: arXiv 2501.06458, table 1, means over JAMA, Medbullets and MedQA.
    """
    if not 0 < parameters < SMALL_MODEL:
        return ""
    return (
        f"This model has {parameters / 1e9:.0f} billion parameters. In the published study models of 7 to 20 billion lost accuracy by "
        "reasoning at length (chain of thought against direct answers: Qwen2.5-7B −1.6, InternLM2.5-7B −3.4, InternLM2.5-20B −0.7 points), "
        "and those of 32 billion and more gained; compare with the direct answer."
    )
