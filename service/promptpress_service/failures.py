"""What can go wrong that is not the caller's request: each with its HTTP status, its code, and when to try again."""

from collections.abc import Mapping
from typing import ClassVar


class ServiceFailure(Exception):
    """Base of the failures that a client is told about. `headers` belong into the answer over HTTP."""

    status = 503
    code = "unavailable"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class NotReady(ServiceFailure):
    """The models are not loaded yet, or could not be."""

    code = "not_ready"


class BodyTooLarge(ServiceFailure):
    """The body is larger than the service accepts."""

    status = 413
    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes; send less, or raise PROMPTPRESS_MAX_BODY_BYTES")


class MalformedJson(ServiceFailure):
    """The body is not JSON."""

    status = 400
    code = "malformed_json"


class Overloaded(ServiceFailure):
    """Too many requests wait already."""

    status = 429
    code = "overloaded"

    def __init__(self, retry_after: float) -> None:
        super().__init__("too many requests are waiting; try again later, or send fewer at a time", retry_after)


class StoreUnavailable(ServiceFailure):
    """A Redis that the settings require does not answer."""

    code = "store_unavailable"

    def __init__(self) -> None:
        super().__init__("the required Redis does not answer; try again shortly", retry_after=1)
