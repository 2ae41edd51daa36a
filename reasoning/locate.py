"""Finds quoted words in a note: exact, then normalised, then nearly the same; offsets always point into the original text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from reasoning.differential import Quotation

CLOSE_RATIO = 0.95
CLOSE_MINIMUM, CLOSE_MAXIMUM = 10, 300
"""Lengths between which a close match is looked for: shorter quotations match by chance, longer ones cost too much."""
CANDIDATES = 4

Span = tuple[int, int]

_SAME = str.maketrans(
    {**dict.fromkeys("‘’‚‛′`´ʼ", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—―−﹣－", "-"), "‹": "<", "›": ">"}
)
_EDGE = " \t\n.,;:…!?\"'()[]*_"
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_NEGATIONS = re.compile(
    r"\b(?:no|not|non|nor|never|none|nil|nothing|without|denie[sd]|deny|denying|negative|absent|absence|unable|cannot)\b|n't\b|\(-\)"
)
_COMPARISONS = re.compile(
    r"[<>≤≥≠±+↑↓]|\b(?:left|right|upper|lower|high|low|raised|reduced|before|after|increased?|decreased?|bilateral|unilateral)\b"
)


@dataclass(frozen=True)
class Folded:
    """A text without what spelling leaves free: letters folded, blanks run together; `at[i]` is where character i came from."""

    text: str
    at: tuple[int, ...]
    ends: tuple[int, ...]


@lru_cache(maxsize=32)
def fold(text: str) -> Folded:
    """Case, blanks, quotes, dashes, accents and compatibility forms made equal, with the way back to the original offsets."""
    letters: list[str] = []
    at: list[int] = []
    ends: list[int] = []
    for position, character in enumerate(text):
        if character.isspace():
            if letters and letters[-1] == " ":
                ends[-1] = position + 1
                continue
            piece = " "
        else:
            # U+0334 to U+0338 strike a sign through: dropping them would turn "not equal" into "equal".
            decomposed = unicodedata.normalize("NFKD", character.translate(_SAME)).translate(_SAME)
            piece = "".join(c for c in decomposed if not unicodedata.combining(c) or 0x334 <= ord(c) <= 0x338).casefold()
        for letter in piece:
            letters.append(letter)
            at.append(position)
            ends.append(position + 1)
    return Folded("".join(letters), tuple(at), tuple(ends))


def locate(quote: str, text: str, taken: Collection[Span] = ()) -> Quotation:
    """The quotation with its place in the text: the first occurrence not `taken`, one that cuts no word if there is any."""
    wanted = quote.strip()
    if not wanted:
        return Quotation(quote=quote, match="not found")
    found = _choose(_exact(wanted, text), text, taken)
    if found:
        return Quotation(quote=quote, start=found[0], end=found[1], match="exact")
    folded = fold(text)
    plain = fold(wanted).text.strip(_EDGE)
    if not plain:
        return Quotation(quote=quote, match="not found")
    spans = [(folded.at[i], folded.ends[i + len(plain) - 1]) for i, _ in _exact(plain, folded.text)]
    found = _choose(spans, text, taken)
    if found:
        return Quotation(quote=quote, start=found[0], end=found[1], match="normalised")
    near = _close(plain, folded.text)
    if near:
        return Quotation(quote=quote, start=folded.at[near[0]], end=folded.ends[near[1] - 1], match="close")
    return Quotation(quote=quote, match="not found")


def _exact(wanted: str, text: str) -> list[Span]:
    return [(m.start(), m.start() + len(wanted)) for m in re.finditer(f"(?={re.escape(wanted)})", text)]


def _whole(span: Span, text: str) -> bool:
    """Whether neither end cuts a word or a number ("8.5" out of "38.5")."""
    start, end = span

    def joined(left: str, right: str) -> bool:
        return (left.isalnum() and right.isalnum()) or (left in ".," and right.isdigit()) or (left.isdigit() and right in ".,")

    before = start > 0 and joined(text[start - 1], text[start])
    if before and text[start - 1] in ".," and (start < 2 or not text[start - 2].isdigit()):
        before = False
    after = end < len(text) and joined(text[end - 1], text[end])
    if after and text[end] in ".," and (end + 1 >= len(text) or not text[end + 1].isdigit()):
        after = False
    return not before and not after


def _choose(spans: list[Span], text: str, taken: Collection[Span]) -> Span | None:
    """Whole words before cut ones, free before taken, first before later. A span of which every place cuts a word is no quotation."""
    whole = [span for span in spans if _whole(span, text)]
    return min(whole, key=lambda span: (span in taken, span[0]), default=None)


def same_meaning_signs(first: str, second: str) -> bool:
    """Whether two folded texts hold the same numbers, negations, sides and comparisons: a near match must not change these."""
    return all(Counter(sign.findall(first)) == Counter(sign.findall(second)) for sign in (_NUMBERS, _NEGATIONS, _COMPARISONS))


@lru_cache(maxsize=4096)
def _close(wanted: str, text: str) -> Span | None:
    """The stretch of whole words that is at least CLOSE_RATIO like the quotation and keeps its meaning signs.

    With at most k edits, one of k + 1 equal pieces of the quotation must stand in the text unchanged (pigeonhole):
    only around such pieces is an alignment computed, and around the best few only.
    """
    size = len(wanted)
    if not CLOSE_MINIMUM <= size <= CLOSE_MAXIMUM:
        return None
    edits = int((1 - CLOSE_RATIO) * 2 * size / CLOSE_RATIO)
    length = size // (edits + 1)
    hits: Counter[int] = Counter()
    for piece in range(edits + 1):
        begin = piece * length
        place = text.find(wanted[begin : begin + length])
        for _ in range(200):
            if place < 0:
                break
            hits[(place - begin) // (edits + 1)] += 1
            place = text.find(wanted[begin : begin + length], place + 1)
    best: tuple[float, Span] | None = None
    for bucket, _ in hits.most_common(CANDIDATES):
        low = max(0, bucket * (edits + 1) - edits)
        span = _align(wanted, text[low : low + size + 3 * edits + 2], low, text)
        if span[0] == span[1]:
            continue
        piece_found = text[span[0] : span[1]]
        ratio = _ratio(wanted, piece_found)
        if ratio >= CLOSE_RATIO and same_meaning_signs(wanted, piece_found) and (best is None or ratio > best[0]):
            best = ratio, span
    return best[1] if best else None


def _align(wanted: str, window: str, low: int, text: str) -> Span:
    """The stretch of the window with the fewest insertions and deletions from the quotation (Sellers 1980), widened to whole words."""
    costs = [0] * (len(window) + 1)
    starts = list(range(len(window) + 1))
    for row, letter in enumerate(wanted, 1):
        diagonal, diagonal_start = costs[0], starts[0]
        costs[0], starts[0] = row, 0
        for column, other in enumerate(window, 1):
            above, above_start = costs[column], starts[column]
            if letter == other:
                costs[column], starts[column] = diagonal, diagonal_start
            elif above <= costs[column - 1]:
                costs[column] = above + 1
            else:
                costs[column], starts[column] = costs[column - 1] + 1, starts[column - 1]
            diagonal, diagonal_start = above, above_start
    end = min(range(len(window) + 1), key=lambda column: costs[column])
    first, last = low + starts[end], low + end
    while 0 < first < len(text) and text[first - 1].isalnum() and text[first].isalnum():
        first -= 1
    while 0 < last < len(text) and text[last - 1].isalnum() and text[last].isalnum():
        last += 1
    return first, last


def _ratio(first: str, second: str) -> float:
    """Twice the longest common subsequence over both lengths, as difflib's ratio but without its greedy errors."""
    row = [0] * (len(second) + 1)
    for letter in first:
        diagonal = 0
        for column, other in enumerate(second, 1):
            above = row[column]
            row[column] = diagonal + 1 if letter == other else max(above, row[column - 1])
            diagonal = above
    return 2 * row[-1] / (len(first) + len(second) or 1)
