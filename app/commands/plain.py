"""Untrusted text made safe for a terminal."""

import unicodedata


def plain(text: str) -> str:
    """The text with everything a terminal could obey replaced: escape sequences, direction marks, half characters."""
    return "".join(c if c in "\n\t" or not unicodedata.category(c).startswith("C") else "\ufffd" for c in text)
