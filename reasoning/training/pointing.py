"""Where each written word comes from: the token that a quotation copies, and the words of the note that a finding's name stands for.

Copying is the hardest thing for a small model to discover and the easiest to show it: the generator knows the source of
every quotation. So in training one attention head is told where to look at each copied token, and another where the
finding that is being named stands in the note (guided attention, Liu et al. 2016, arXiv 1609.04186).
"""

import re
from collections.abc import Sequence

import numpy as np

from cases.generator import GeneratedCase
from cases.knowledge import Knowledge
from reasoning.training.reading import UNTAUGHT

COPIED, NAMED = 0, 1
"""The two things pointed at, and the order of the heads that learn them."""

_QUOTED = re.compile(r"\" ?(?P<quoted>[^\"\n]+)\"|^[+-] (?P<listed>.+?) = ", re.MULTILINE)
_AGE = re.compile(r"(?<= of )\d+(?=, )")

Offsets = Sequence[tuple[int, int]]


def no_pointers(tokens: int) -> np.ndarray:
    """Nothing is pointed at: an array of 2 kinds by 2 ends by tokens."""
    return np.full((2, 2, tokens), UNTAUGHT, dtype=np.int64)


class _Page:
    """A whole example as characters and tokens, and the pointers found so far."""

    def __init__(self, text: str, offsets: Offsets) -> None:
        self.text, self.found = text, no_pointers(len(offsets))
        self.begins = np.array([start for start, _ in offsets])

    def holding(self, place: int | np.ndarray) -> np.ndarray:
        """The token that holds the character at a place."""
        return np.asarray(np.searchsorted(self.begins, place, side="right")) - 1

    def _written(self, start: int, end: int) -> np.ndarray:
        """The tokens of text[start:end], with a blank before it."""
        first = start - (self.text[start - 1] == " ")
        return np.flatnonzero((self.begins >= first) & (self.begins < end))

    def copy(self, start: int, end: int, source: int) -> None:
        """text[start:end] copies what stands at `source`: each token before one of it points to its original."""
        tokens = self._written(start, end)
        self.found[COPIED, :, tokens - 1] = self.holding(np.maximum(self.begins[tokens], start) - start + source)[:, None]

    def name(self, start: int, end: int, first: int, last: int) -> None:
        """text[start:end] names what text[first:last] states."""
        tokens: np.ndarray = self._written(start, end) - 1
        self.found[NAMED, 0, tokens], self.found[NAMED, 1, tokens] = self.holding(first), self.holding(last - 1)


def pointers(knowledge: Knowledge, text: str, reply_start: int, offsets: Offsets, case: GeneratedCase) -> np.ndarray:
    """What each token points at, as first and last token: 2 kinds by 2 ends by tokens, UNTAUGHT where at nothing.

    `offsets` are the characters of each token in `text`, which holds the note of the case and the reply.
    """
    page, note_start = _Page(text, offsets), text.index(case.case.text)
    words = {case.case.text[row.start : row.end]: note_start + row.start for row in reversed(case.stated)}
    for match in _QUOTED.finditer(text, reply_start):
        kind = "quoted" if match["quoted"] else "listed"
        if match[kind] in words:
            page.copy(*match.span(kind), words[match[kind]])
    stated = {knowledge.findings[row.finding].name: row for row in case.stated}
    for match in re.finditer("|".join(re.escape(name) for name in sorted(stated, key=len, reverse=True)), text[reply_start:]):
        start, end, row = match.start() + reply_start, match.end() + reply_start, stated[match[0]]
        page.name(start, end, note_start + row.start, note_start + row.end)
        earlier = text.find(f"= {match[0]}\n", reply_start, start)
        if earlier >= 0:
            page.copy(start, end, earlier + 2)
    age = _AGE.search(text, reply_start)
    written = re.search(rf"(?<!\d){case.patient.age}(?!\d)", case.case.text)
    if age and written:
        page.copy(*age.span(), note_start + written.start())
    return page.found
