"""What can go wrong before and while an adapter is tuned. Messages say what to do and hold no text of a case."""


class TrainingError(RuntimeError):
    """The training cannot go on."""


class ConfigurationError(TrainingError):
    """What was asked for does not fit together; the message names the setting."""


class MissingExtra(TrainingError):
    """An optional package is not installed; the message names the extra."""
