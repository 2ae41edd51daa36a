"""Ready-made cases to try, with the answer and what to learn from each."""

from cases.library.library import Difficulty, LibraryCase, LibraryError, Register, load_library, to_case

__all__ = ["Difficulty", "LibraryCase", "LibraryError", "Register", "load_library", "to_case"]
