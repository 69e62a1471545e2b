"""What answers a compression, whichever protocol carries it."""

import uuid

from pydantic import Field

from compressors.result import CompressionResult, TimingMs
from service.engine import Outcome


class ServiceTimingMs(TimingMs):
    """Milliseconds by stage; `queue` is the wait for a thread."""

    queue: float


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


def response_of(outcome: Outcome) -> CompressResponse:
    """The response to a request that ran, under a fresh id."""
    result = outcome.result
    fields = {name: getattr(result, name) for name in CompressionResult.model_fields}
    fields["timing_ms"] = ServiceTimingMs(queue=round(outcome.queue_ms, 3), **result.timing_ms.model_dump())
    response = CompressResponse.model_construct(**fields, id=f"cmp_{uuid.uuid4().hex}", cache=outcome.cache)
    if result.messages is not None:
        response.tokens_before = result.usage.tokens_before
        response.tokens_after = result.usage.tokens_after
        response.tokens_saved = result.usage.tokens_saved
        response.compression_ratio = result.usage.ratio
        response.transforms_applied = [f"promptpress:{result.method}"] if result.status == "compressed" else []
        response.ccr_hashes = []
    return response
