"""A case: the text a clinician brings, validated, and nothing else."""

import unicodedata
import uuid
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

MAXIMUM_CHARACTERS = 20_000
MINIMUM_WORDS = 3


class CaseError(ValueError):
    """The text cannot be a case; the message says why and what to do, and never repeats the text."""


class Origin(StrEnum):
    pasted = "pasted"
    library = "library"
    generated = "generated"
    benchmark = "benchmark"


class Case(BaseModel):
    """One validated case. `text` is what every quotation is checked against, character by character."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    text: str
    title: str = ""
    origin: Origin = Origin.pasted
    gold: str | None = None
    gold_synonyms: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_case(
    text: str | bytes, *, title: str = "", origin: Origin = Origin.pasted, gold: str | None = None, id: str | None = None
) -> Case:
    """A Case from pasted or uploaded text, with control characters removed and said so in `warnings`.

    Raises CaseError when the text is empty, too short, too long, binary, or not UTF-8.
    """
    if isinstance(text, bytes):
        if b"\x00" in text[:4096]:
            raise CaseError("This looks like a binary file. Paste the note as text, or upload a .txt file.")
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CaseError("The file is not UTF-8 text. Save it as UTF-8 text and try again.") from None
    if len(text) > MAXIMUM_CHARACTERS:
        raise CaseError(
            f"The note has {len(text):,} characters; the limit is {MAXIMUM_CHARACTERS:,}. Paste the part that matters for the diagnosis."
        )
    warnings = []
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(c for c in text if c in "\n\t" or not unicodedata.category(c).startswith("C"))
    if len(kept) < len(text):
        removed = len(text) - len(kept)
        if removed * 5 > len(text):
            raise CaseError("Most of this text is control characters. Paste the note as plain text.")
        warnings.append(f"{removed} control or invisible characters were removed from the note.")
    kept = kept.strip()
    if not kept:
        raise CaseError("The note is empty. Paste a case, or pick one from the library.")
    if len(kept.split()) < MINIMUM_WORDS and kept.isascii():
        raise CaseError("The note is too short to reason about. Write at least the age, the complaint and one finding.")
    return Case(id=id or uuid.uuid4().hex, text=kept, title=title, origin=origin, gold=gold, warnings=tuple(warnings))
