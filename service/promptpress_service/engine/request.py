"""A request as the service takes it: what is compressed, and how the service is to run it."""

from typing import Annotated

from pydantic import Field, Strict

from promptpress.request import CompressionRequest, Int


class ServiceRequest(CompressionRequest):
    """Exactly one of `text`, `texts`, `documents`, `messages`, and at most one of `target_ratio`, `target_tokens`."""

    store_original: Annotated[bool, Strict()] = Field(
        False, description="Keep what was shortened for a while, to be had back from `GET /v1/retrieve/{hash}`."
    )
    deadline_ms: Int | None = Field(
        None, ge=1, le=3_600_000, description="After so many milliseconds the input comes back as it is."
    )
