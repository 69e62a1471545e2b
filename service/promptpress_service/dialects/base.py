"""A dialect is one wire format: its paths, its bodies, its errors and where it carries the API key.

A new one is a file with a subclass of `Dialect` and a line in `dialects.registry`. HTTP routes, authentication, error
answers, the response cache and OpenAPI are made from it; nothing below it knows which dialect was spoken.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from promptpress_service.dialects.errors import MEANINGS, ErrorReply, ErrorReport
from promptpress_service.engine.outcome import Outcome
from promptpress_service.engine.request import ServiceRequest

BodyT = TypeVar("BodyT", bound=BaseModel)

BEARER = {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <key>`"}
"""The OpenAPI security scheme of `bearer_key`."""


@dataclass(frozen=True)
class RepeatedAnswer:
    """An answer kept ready for equal requests; `fill` adds what differs each time. By default nothing does.

    `parts` are the bytes that stay.
    """

    parts: tuple[bytes, ...]

    def fill(self, total_ms: float) -> bytes:
        """The answer to one more request, which took `total_ms` milliseconds."""
        return b"".join(self.parts)


class Dialect(ABC, Generic[BodyT]):
    """One wire format of `POST` requests that compress something.

    `paths` are served alike; the first is documented under `operation_id` and `summary`. A body is validated by
    `request_model` before `decode` sees it. `headers` names, in lower case, the request headers that `decode` reads, so
    that the response cache tells requests apart by them. `examples` can be tried from `/docs`.
    """

    name: ClassVar[str]
    paths: ClassVar[tuple[str, ...]]
    operation_id: ClassVar[str]
    summary: ClassVar[str]
    description: ClassVar[str] = "Returns what was sent, in the same shape, within the target."
    headers: ClassVar[tuple[str, ...]] = ()
    request_model: ClassVar[type[BaseModel]]
    response_model: ClassVar[type[BaseModel]]
    error_model: ClassVar[type[BaseModel]]
    examples: ClassVar[Mapping[str, Any]] = {}
    security_schemes: ClassVar[Mapping[str, Mapping[str, Any]]] = {"bearer": BEARER}

    @abstractmethod
    def decode(self, body: BodyT, headers: Mapping[str, str]) -> ServiceRequest:
        """The native request. Raises CompressionError or pydantic's ValidationError for what the caller can set right."""

    @abstractmethod
    def encode(self, outcome: Outcome, body: BodyT) -> BaseModel:
        """The answer to `body`, an instance of `response_model`."""

    @abstractmethod
    def encode_error(self, error: ErrorReport) -> ErrorReply:
        """The answer to a request that failed, wherever it did: in `decode`, the engine, routing or authentication."""

    def credentials(self, headers: Mapping[str, str]) -> list[str]:
        """The keys that a request carries, most telling first. `headers` ignores case or has lower-case names."""
        return bearer_key(headers)

    def headers_of(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Of a request's headers, those that `decode` reads."""
        return {name: headers[name] for name in self.headers if name in headers}

    def dump(self, answer: BaseModel) -> bytes:
        """An answer as JSON."""
        return answer.model_dump_json(exclude_none=True).encode()

    def repeated(self, answer: BaseModel, encoded: bytes) -> RepeatedAnswer:
        """`encoded`, the bytes of `answer`, made ready for equal requests."""
        return RepeatedAnswer((encoded,))

    def documented(self, *statuses: int) -> dict[int | str, dict[str, Any]]:
        """What a route's OpenAPI tells about the errors it may answer."""
        return {status: {"model": self.error_model, "description": MEANINGS[status]} for status in statuses}


def bearer_key(headers: Mapping[str, str]) -> list[str]:
    """The key of `Authorization: Bearer <key>`, if there is one."""
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    return [key.strip()] if scheme.lower() == "bearer" and key.strip() else []


def header_key(headers: Mapping[str, str], name: str) -> list[str]:
    """The key in a header of its own, if there is one."""
    key = headers.get(name, "").strip()
    return [key] if key else []
