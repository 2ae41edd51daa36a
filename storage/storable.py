"""Values that any UTF-8 file can hold."""

import json
from typing import TypeVar

from pydantic import BaseModel

from storage.columns import clean

Model = TypeVar("Model", bound=BaseModel)


def storable(value: Model) -> Model:
    """The same value, or where its text holds half a character (a lone surrogate), one with a question mark in its place."""
    try:
        value.model_dump_json()
    except ValueError:
        plain = json.dumps(value.model_dump(mode="json"), ensure_ascii=False)
        return type(value).model_validate_json(clean(plain))
    return value
