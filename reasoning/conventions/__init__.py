"""How models mark where their thinking ends and their answer begins: read back from raw text, and written by strategies."""

from reasoning.conventions.convention import CONVENTIONS, OWN, Convention, Mark, spoken
from reasoning.conventions.reading import Piece, Reader, Reading, read

__all__ = ["CONVENTIONS", "OWN", "Convention", "Mark", "Piece", "Reader", "Reading", "read", "spoken"]
