"""Prompt templates as files, and the one place where a note enters a prompt."""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from cases.case import Case
from reasoning.conventions import OWN, Convention
from reasoning.conventions.convention import PLACE
from reasoning.engines.engine import Message

STRATEGIES = ("vanilla", "cot", "longstep", "longmonolog")
FURTHER = ("chain_of_draft", "think_twice", "discriminating_finding", "challenger_argument", "challenger_verdict")
"""Prompts that only models of the general family can follow: the demonstration model knows the four tasks above."""

FAMILIES = ("demonstration", "general")

_PLACE = re.compile(r"\{(note|mark|strategy|answer_format|previous|first|second|argument)\}")
# Whatever a chat template or an answer parser could take for markup: <|im_start|>, </think>, <start_of_turn>, <s>, DeepSeek's <｜User｜>.
_ANGLED = re.compile(r"<(?=[/|｜]?[\w|｜▁:/-]{1,40}>)|<(?=[|｜])")
_CLOSING = re.compile(r"(?<=[|｜])>")
_SQUARE = re.compile(r"\[(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_[A-Z]+|THINK|ARGS|CALL_ID|MODEL_SETTINGS))\]")


class PromptError(ValueError):
    """No prompt has this family and strategy; the message lists those there are."""


def neutralise(text: str) -> str:
    """The text with control tokens of chat models made harmless, character for character, for use in a prompt only.

    Lengths are kept, and `evidence.locate` reads the replacements as what they replace.
    """
    text = _CLOSING.sub("›", _ANGLED.sub("‹", text))
    return _SQUARE.sub(r"(\1)", text)


@lru_cache(maxsize=64)
def _file(family: str, name: str) -> str | None:
    file = resources.files("reasoning.prompts").joinpath(family, f"{name}.md")
    return file.read_text("utf-8").strip() if file.is_file() else None


def template(family: str, strategy: str) -> tuple[tuple[str, str], ...]:
    """Role and template of each message, before the note is put in. Raises PromptError."""
    known = family in FAMILIES and strategy in (*STRATEGIES, *FURTHER)
    user = (_file(family, strategy) or (_file(family, "user") if strategy in STRATEGIES else None)) if known else None
    if user is None:
        named = ", ".join((*STRATEGIES, *FURTHER))
        raise PromptError(f"no prompt for {family!r} and {strategy!r}; families: {', '.join(FAMILIES)}; strategies: {named}")
    answer_format = _file(family, "answer_format") or ""
    system = _file(family, "system")
    parts = ([("system", system)] if system else []) + [("user", user)]
    return tuple((role, text.replace("{answer_format}", answer_format).replace("{strategy}", strategy)) for role, text in parts)


def template_sha256(family: str, strategy: str) -> str:
    """The hash of a prompt without its note: equal for all cases, different after any edit of the files."""
    return hashlib.sha256("\x1e".join(f"{role}\x1f{text}" for role, text in template(family, strategy)).encode()).hexdigest()


def in_words_of(convention: Convention, parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Roles and templates with the place for thinking named as the model knows it, before anything of a note is put in."""
    if not any(PLACE in text for _, text in parts):
        return list(parts)
    told = [(role, text.replace(PLACE, convention.place)) for role, text in parts]
    return [(told[0][0], convention.instruction + told[0][1]), *told[1:]]


def render(family: str, strategy: str, case: Case, convention: Convention = OWN, **more: str) -> list[Message]:
    """The messages that put a case before a model under a strategy. `more` is what an earlier round wrote, by its place.

    The markers around the note carry a hash of the note, which no note can contain: it cannot close its own fence.
    """
    mark = hashlib.sha256(case.text.encode()).hexdigest()[:10]
    values = {"note": neutralise(case.text), "mark": mark, **{place: neutralise(text) for place, text in more.items()}}
    parts = in_words_of(convention, template(family, strategy))
    # One pass: a note that holds "{mark}" stays as it is.
    return [{"role": role, "content": _PLACE.sub(lambda m: values[m[1]], text)} for role, text in parts]
