"""The native format: what answers a compression, whichever protocol carries it."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from promptpress.result import CompressionResult, TimingMs
from promptpress_service.dialects import headroom
from promptpress_service.dialects.base import BEARER, Dialect, RepeatedAnswer, bearer_key, header_key
from promptpress_service.dialects.errors import ErrorReply, ErrorReport, ErrorResponse, native_reply
from promptpress_service.dialects.examples import REQUEST_EXAMPLES
from promptpress_service.engine.outcome import Outcome
from promptpress_service.engine.request import ServiceRequest

KEY_HEADER = "x-api-key"


class ServiceTimingMs(TimingMs):
    """Milliseconds by stage; `queue` is the wait for a thread."""

    queue: float


class OriginalReference(BaseModel):
    """The text, document or message at place `item`, as it was, is at `GET /v1/retrieve/{hash}` for a while."""

    item: int
    hash: str


class _Answer(CompressionResult):
    id: str
    cache: str = Field("off", description="`hit`, `miss`, or `off` where no result cache is set up")
    timing_ms: ServiceTimingMs


class CompressResponse(headroom.HeadroomFields, _Answer):
    """The compressed input, in the shape it was sent, with its receipt."""

    originals: list[OriginalReference] | None = Field(
        None, description="With `store_original`: where what was shortened can be had back"
    )


@dataclass(frozen=True)
class _Repeated(RepeatedAnswer):
    """Three parts, between which the total time and the id of an answer stand."""

    def fill(self, total_ms: float) -> bytes:
        """See RepeatedAnswer.fill."""
        before, between, after = self.parts
        return b"%s%.3f%scmp_%s%s" % (before, total_ms, between, os.urandom(16).hex().encode(), after)


class Native(Dialect[ServiceRequest]):
    """Our own format."""

    name = "native"
    paths = ("/v1/compress", "/compress")
    operation_id = "compress"
    summary = "Compress text, documents or messages"
    request_model = ServiceRequest
    response_model = CompressResponse
    error_model = ErrorResponse
    examples = REQUEST_EXAMPLES
    security_schemes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "bearer": BEARER,
        "apiKey": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
        "headroomToken": headroom.TOKEN_SCHEME,
    }

    def decode(self, body: ServiceRequest, headers: Mapping[str, str]) -> ServiceRequest:
        """See Dialect.decode."""
        return body

    def encode(self, outcome: Outcome, body: ServiceRequest) -> CompressResponse:
        """See Dialect.encode."""
        return response_of(outcome)

    def encode_error(self, error: ErrorReport) -> ErrorReply:
        """See Dialect.encode_error."""
        return native_reply(error)

    def credentials(self, headers: Mapping[str, str]) -> list[str]:
        """Keys of `Authorization: Bearer`, `x-api-key` and `x-headroom-proxy-token`, in this order."""
        return [*bearer_key(headers), *header_key(headers, KEY_HEADER), *headroom.proxy_token(headers)]

    def repeated(self, answer: BaseModel, encoded: bytes) -> RepeatedAnswer:
        """See Dialect.repeated. Time and id stand after all text: the last of their kind are theirs."""
        assert isinstance(answer, CompressResponse)
        head, _, after = encoded.rpartition(answer.id.encode())
        before, label, between = head.rpartition(b'"total":')
        return _Repeated((before + label, between.removeprefix(str(answer.timing_ms.total).encode()), after))


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
        headroom.add_fields(response, outcome)
    return response


NATIVE = Native()
