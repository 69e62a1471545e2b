"""What came of a request."""

from dataclasses import dataclass, field

from promptpress.result import CompressionResult


@dataclass(frozen=True)
class StoredOriginal:
    """Where the original of one shortened text can be had: its place among the texts of the request, and its hash."""

    item: int
    hash: str


@dataclass(frozen=True)
class Outcome:
    """A result and how it came about. `cache` is `hit`, `miss` or `off`; `queue_ms` the wait for a thread."""

    result: CompressionResult
    queue_ms: float
    cache: str = "off"
    originals: list[StoredOriginal] = field(default_factory=list)
