"""What Headroom's clients read and send: its counts at top level, and its way to ask for an original.

Our answers to `messages` are a superset of those of its `POST /v1/compress`, so that its clients need our URL only.
Source: https://github.com/headroomlabs-ai/headroom, `headroom/proxy/handlers/openai.py`, version 0.42.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from promptpress.request import Text
from promptpress_service.cache.originals import HASH_PATTERN, Original
from promptpress_service.dialects.base import header_key
from promptpress_service.engine.outcome import Outcome

TOKEN_HEADER = "x-headroom-proxy-token"
TOKEN_SCHEME = {"type": "apiKey", "in": "header", "name": TOKEN_HEADER, "description": "As Headroom's clients send it"}
HASH_SCHEMA: dict[str, Any] = {"pattern": HASH_PATTERN}


class HeadroomFields(BaseModel):
    """The fields that Headroom's clients read; set for `messages` only."""

    tokens_before: int | None = Field(None, description="With `messages`, the counts are repeated at top level")
    tokens_after: int | None = None
    tokens_saved: int | None = None
    compression_ratio: float | None = None
    transforms_applied: list[str] | None = None
    ccr_hashes: list[str] | None = None


class RetrieveRequest(BaseModel):
    """Which original."""

    model_config = ConfigDict(extra="forbid")

    hash: Text = Field(description="A hash from `ccr_hashes`.", json_schema_extra=HASH_SCHEMA)
    query: Text | None = Field(None, description="Accepted for Headroom's clients; the whole original comes back.")


class RetrieveResponse(BaseModel):
    """The original, as it was before compression."""

    hash: str
    original_content: str
    original_tokens: int = Field(description="Counted with the tokenizer of the request that stored it")


def add_fields(answer: HeadroomFields, outcome: Outcome) -> None:
    """Set the fields of an answer to `messages`."""
    result = outcome.result
    answer.tokens_before = result.usage.tokens_before
    answer.tokens_after = result.usage.tokens_after
    answer.tokens_saved = result.usage.tokens_saved
    answer.compression_ratio = result.usage.ratio
    answer.transforms_applied = [f"promptpress:{result.method}"] if result.status == "compressed" else []
    answer.ccr_hashes = [each.hash for each in outcome.originals]


def retrieved(original: Original) -> RetrieveResponse:
    """The answer to a request for an original."""
    return RetrieveResponse(hash=original.hash, original_content=original.text, original_tokens=original.tokens)


def proxy_token(headers: Mapping[str, str]) -> list[str]:
    """The key in Headroom's own header, if there is one."""
    return header_key(headers, TOKEN_HEADER)
