"""Settings, from `PROMPTPRESS_*` environment variables."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting with its default; `PROMPTPRESS_` and the name in capitals sets it."""

    model_config = SettingsConfigDict(env_prefix="PROMPTPRESS_", extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    http_port: int = Field(8080, ge=0, le=65535)
    encoder: str = Field("embedded", description="`embedded`, a local folder, or a Hugging Face id (needs torch).")
    threads: int | None = Field(None, ge=1, description="CPU threads for models; default: the cores this process may use.")
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Larger requests are answered 413.")
    max_batch_items: int = Field(100, ge=1, description="Most requests in one batch.")
    queue_size: int = Field(256, ge=1, description="Requests that may wait; more are answered 429.")
    default_deadline_ms: int | None = Field(None, ge=1, description="Deadline of requests that name none.")
    vector_cache_mb: int = Field(64, ge=0, description="Memory for embeddings of documents that were seen; 0 turns it off.")
    tokenizers: dict[str, Path] = Field(
        default_factory=dict, description='More tokenizers, as JSON: {"name": "/path/to/tokenizer.json"}.'
    )


class SettingsError(ValueError):
    """A setting has a value that is not allowed; the message names the variable."""


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming the variable at fault."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "PROMPTPRESS_" + "_".join(str(step) for step in first["loc"]).upper()
        raise SettingsError(f"{variable}: {first['msg']}") from None
