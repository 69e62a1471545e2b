"""What answers a compression, whichever protocol carries it."""

import uuid

from pydantic import BaseModel, Field

from promptpress.result import CompressionResult, TimingMs
from promptpress_service.engine.engine import Outcome


class ServiceTimingMs(TimingMs):
    """Milliseconds by stage; `queue` is the wait for a thread."""

    queue: float


class OriginalReference(BaseModel):
    """The text, document or message at place `item`, as it was, is at `GET /v1/retrieve/{hash}` for a while."""

    item: int
    hash: str


class CompressResponse(CompressionResult):
    """The compressed input, in the shape it was sent, with its receipt."""

    id: str
    cache: str = Field("off", description="`hit`, `miss`, or `off` where no result cache is set up")
    timing_ms: ServiceTimingMs
    tokens_before: int | None = Field(None, description="With `messages`, the counts are repeated at top level")
    tokens_after: int | None = None
    tokens_saved: int | None = None
    compression_ratio: float | None = None
    transforms_applied: list[str] | None = None
    ccr_hashes: list[str] | None = None
    originals: list[OriginalReference] | None = Field(
        None, description="With `store_original`: where what was shortened can be had back"
    )


def response_of(outcome: Outcome) -> CompressResponse:
    """The response to a request that ran, under a fresh id."""
    result = outcome.result
    # Not validated again: the fields come from a model, and a cached answer takes a fifth of its time here otherwise.
    fields = dict(result)
    fields["timing_ms"] = ServiceTimingMs.model_construct(queue=round(outcome.queue_ms, 3), **dict(result.timing_ms))
    response = CompressResponse.model_construct(**fields, id=f"cmp_{uuid.uuid4().hex}", cache=outcome.cache)
    if outcome.originals:
        response.originals = [OriginalReference(item=each.item, hash=each.hash) for each in outcome.originals]
    if result.messages is not None:
        response.tokens_before = result.usage.tokens_before
        response.tokens_after = result.usage.tokens_after
        response.tokens_saved = result.usage.tokens_saved
        response.compression_ratio = result.usage.ratio
        response.transforms_applied = [f"promptpress:{result.method}"] if result.status == "compressed" else []
        response.ccr_hashes = [each.hash for each in outcome.originals]
    return response
