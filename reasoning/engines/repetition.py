"""How much of a stretch of text had been said before: pure text, for the guard that ends budget forcing."""

RUN = 4
"""Words in a row that must agree: single words of a case come back in every sound thought."""


def said_before(stretch: str, before: str) -> float:
    """The share, 0 to 1, of the runs of four words in `stretch` that stand in `before`; 1 for a stretch without words.

    A stretch of fewer than four words is one run.
    """
    said, known = _words(stretch), _words(before)
    if not said:
        return 1.0
    size = min(RUN, len(said))
    seen = _runs(known, size)
    runs = [tuple(said[place : place + size]) for place in range(len(said) - size + 1)]
    return sum(run in seen for run in runs) / len(runs)


def _words(text: str) -> list[str]:
    return [word for word in (word.strip(".,;:!?()\"'“”") for word in text.lower().split()) if word]


def _runs(words: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[place : place + size]) for place in range(len(words) - size + 1)}
