"""How a multiple-choice question is put to a model: our own templates, one for each way of thinking."""

import hashlib
import re
from functools import cache
from importlib import resources

from cases.benchmarks import LETTERS, BenchmarkItem
from reasoning.conventions import OWN, Convention
from reasoning.engines.engine import Message
from reasoning.prompts import in_words_of, neutralise

CHAINS_ASKED = ("vanilla", "cot", "longstep", "longmonolog")
_PLACE = re.compile(r"\{(note|question|options|mark)\}")
_UNSAID = "Which option is right?"


@cache
def _file(name: str) -> str:
    return resources.files("reasoning.prompts").joinpath("choice", f"{name}.md").read_text("utf-8").strip()


def choice_messages(chain: str, item: BenchmarkItem, convention: Convention = OWN) -> list[Message]:
    """The messages of one question in the way of one chain; what the data set wrote cannot leave the fence that it stands in."""
    options = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, item.options or (), strict=False))
    written = (item.text, item.question or _UNSAID, options)
    note, question, listed = map(neutralise, written)
    mark = hashlib.sha256("\x1f".join(written).encode()).hexdigest()[:10]
    values = {"note": note, "question": question, "options": listed, "mark": mark}
    parts = in_words_of(convention, [("system", _file("system")), ("user", _file(chain))])
    # One pass: a note that holds "{options}" stays as it is.
    return [{"role": role, "content": _PLACE.sub(lambda match: values[match[1]], text)} for role, text in parts]
