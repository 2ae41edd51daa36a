"""What a user can put right about an evaluation."""


class SuiteError(ValueError):
    """The evaluation cannot be run or drawn as asked; the message says what to ask instead, and repeats no note."""
