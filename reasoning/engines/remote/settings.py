"""What a site says of its model server."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from reasoning.engines.remote.task import Answers
from reasoning.engines.remote.wire import Patience


class RemoteSettings(BaseModel):
    """`kind` is a name of servers.toml, or "auto". `tokenizer` is a folder with the tokenizer of the model that is served: with it
    prompts are filled in here, counts are exact, and any server can go on behind a text. `adapters` names, for each strategy that was
    tuned, the model by which the server offers it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str | None = None
    key: SecretStr | None = None
    kind: str = "auto"
    plain_http: bool = False
    answers: Answers = "lines"
    tokenizer: Path | None = None
    adapters: Mapping[str, str] = {}
    concurrency: int = Field(default=16, ge=1)
    patience: Patience = Patience()
