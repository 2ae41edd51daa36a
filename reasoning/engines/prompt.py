"""From messages to token ids, with no way for a pasted note to write a control token."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reasoning.engines.engine import EngineError, Message

_MARKS = ("\ue000", "\ue001")  # private use: they hold the place of a control token while the template is filled in


def render(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The chat template filled in, ready for the model's turn. Raises EngineError."""
    if not getattr(tokenizer, "chat_template", None):
        raise EngineError("This model has no chat template; choose an instruction-tuned model or add chat_template.jinja to its folder.")
    try:
        return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))
    except Exception as error:  # jinja2 and templates' own raise_exception
        raise EngineError(f"The chat template refused the messages ({type(error).__name__}); use roles the model knows.") from error


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Token ids of the prompt. A control token spelt out in a message stays plain text. Raises EngineError."""
    controls = control_tokens(tokenizer)
    pattern = re.compile("|".join(map(re.escape, [*sorted(controls, key=len, reverse=True), *_MARKS])))
    found: list[str] = []

    def hide(match: re.Match[str]) -> str:
        found.append(match[0])
        return f"{_MARKS[0]}{len(found) - 1}{_MARKS[1]}"

    if not any(pattern.search(message["content"]) for message in messages):
        return encode(tokenizer, render(tokenizer, messages))
    text = render(tokenizer, [{**message, "content": pattern.sub(hide, message["content"])} for message in messages])
    ids: list[int] = []
    for index, piece in enumerate(re.split(f"{_MARKS[0]}(\\d+){_MARKS[1]}", text)):
        ids += plain_ids(tokenizer, found[int(piece)]) if index % 2 else encode(tokenizer, piece)
    return ids


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids of text written by us, control tokens included."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of text in which nothing is a control token."""
    # Cut inside the token's name, so that no piece is one; flags of fast tokenizers for this differ between versions.
    return [token for half in (text[:1], text[1:]) for token in encode(tokenizer, half)]


def control_tokens(tokenizer: Any) -> Mapping[str, int]:
    """Tokens that are matched as a whole anywhere in a text."""
    return {str(token): index for index, token in tokenizer.added_tokens_decoder.items() if str(token).strip()}
