"""What the servers that people run can do, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Server(BaseModel):
    """One kind of server; servers.toml explains the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    owned_by: str = ""
    lists_models: bool = True
    continues: Literal["no", "final message", "template"] = "no"
    schema_field: Literal["", "response_format", "json_schema"] = ""
    grammar: str = ""
    grammar_head: str = ""
    logprobs: bool = False
    body: dict[str, Any] = {}
    sampling: dict[str, Any] = {}
    no_thinking: dict[str, Any] = {}

    def under_grammar(self, grammar: str) -> dict[str, Any]:
        """The fields by which a text is held to a grammar."""
        found: Any = self.grammar_head + grammar
        for name in reversed(self.grammar.split(".")):
            found = {name: found}
        return dict(found)

    def under_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The fields by which a text is held to a JSON schema."""
        if self.schema_field == "json_schema":
            return {"json_schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "differential", "strict": True, "schema": schema}}}


@cache
def servers() -> Mapping[str, Server]:
    """All kinds by name."""
    table = tomllib.loads(files("reasoning.engines.remote").joinpath("servers.toml").read_text("utf-8"))
    return {name: Server.model_validate({"schema_field": entry.pop("schema", ""), **entry}) for name, entry in table.items()}


def kind_of(owner: str) -> str:
    """The kind of server whose list names this owner of a model; "other" when it is none we know."""
    return next((name for name, server in servers().items() if server.owned_by and server.owned_by == owner), "other")
