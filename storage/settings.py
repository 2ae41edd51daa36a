"""What the environment says: where things are kept, which model, how wide, how loud."""

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import StorageError


class Settings(BaseSettings):
    """Read from the environment: SOLILOQUY_HOME, SOLILOQUY_DATABASE_URL, SOLILOQUY_MODEL and so on."""

    model_config = SettingsConfigDict(env_prefix="SOLILOQUY_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("soliloquy", appauthor=False), description="The data folder.")
    database_url: str | None = Field(default=None, description="Where runs are kept; default: soliloquy.db in the data folder.")
    model: str = Field(default="demo", description="Name of a model preset, or a path.")
    model_width: int = Field(default=8, ge=1, description="How many samples are decoded at once.")
    engine: Literal["local", "scripted"] = Field(
        default="local", description="Where tokens come from; `scripted` reads out prepared texts."
    )
    remote_url: str | None = Field(default=None, description="An OpenAI-compatible server, asked when the model is `remote`.")
    remote_model: str | None = Field(default=None, description="The model's name on that server; default: the only one it serves.")
    remote_key: SecretStr | None = Field(default=None, description="The key that the server asks for; it is never logged or stored.")
    remote_server: str = Field(default="auto", description="What the server is: vllm, sglang, llama.cpp, transformers, other, or auto.")
    remote_plain_http: bool = Field(default=False, description="Whether notes may travel unencrypted to another machine.")
    remote_answer: Literal["lines", "schema", "grammar"] = Field(default="lines", description="What holds an answer to its form.")
    remote_tokenizer: Path | None = Field(default=None, description="A folder with the tokenizer of the model on the server.")
    remote_adapters: Annotated[dict[str, str], NoDecode] = Field(default={}, description="Strategy=model, for adapters served as models.")
    remote_concurrency: int = Field(default=16, ge=1, description="How many requests a run sends at once.")
    remote_timeout: float = Field(default=120, gt=0, description="Seconds of silence after which the server counts as gone.")
    scripted_delay: float = Field(default=0.02, ge=0, le=5, description="Seconds a word takes when the engine is scripted.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="The least serious message that is logged.")

    @field_validator("remote_adapters", mode="before")
    @classmethod
    def _pairs(cls, pairs: object) -> object:
        """Read `longstep=name, longmonolog=name`."""
        if not isinstance(pairs, str):
            return pairs
        parts = [part.partition("=") for part in pairs.split(",") if part.strip()]
        if any(not name.strip() or not model.strip() for name, _, model in parts):
            raise ValueError("write it as longstep=NAME,longmonolog=NAME")
        return {name.strip(): model.strip() for name, _, model in parts}

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    def url(self) -> URL:
        """The address of the database.

        Raises StorageError when SOLILOQUY_DATABASE_URL is not one.
        """
        if self.database_url is None:
            # Built, not concatenated: a folder name may hold characters that mean something in a URL.
            return URL.create("sqlite", database=str(self.home / "soliloquy.db"))
        return read_url(self.database_url)


def read_url(text: str) -> URL:
    """A database address from text; the message never repeats it, for it may hold a password.

    Raises StorageError when it is not one.
    """
    try:
        return make_url(text)
    except ArgumentError:
        raise StorageError("The database address cannot be read: write it as sqlite:////full/path/to/soliloquy.db.") from None


def read_settings() -> Settings:
    """The settings of this process.

    Raises StorageError that names the variable to correct.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "SOLILOQUY_" + str(first["loc"][0]).upper()
        raise StorageError(f"{name} cannot be used ({first['msg'].lower()}): correct it in the environment.") from None
