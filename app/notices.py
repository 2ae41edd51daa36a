"""What every reader of a result must know, in the same words everywhere."""

INTENDED_USE = (
    "Decision support and teaching for health professionals. Soliloquy suggests and explains; it does not diagnose, "
    "and it does not replace clinical judgement."
)
DEMONSTRATION = (
    "This result comes from the demonstration model: a small model trained on generated cases to show how Soliloquy works. "
    "It is not a medical model. Do not use it for the care of a patient."
)
