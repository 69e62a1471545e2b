"""What the engine computes for a request, and how that is cached."""

from dataclasses import dataclass

from pydantic import ValidationError

from promptpress.result import CompressionResult


@dataclass(frozen=True)
class Computed:
    """A result, and the milliseconds that its computation waited for a thread."""

    result: CompressionResult
    queue_ms: float = 0.0


class ComputedCodec:
    """Stores the result alone, as JSON."""

    def encode(self, value: Computed) -> bytes:
        """See Codec.encode."""
        return value.result.model_dump_json(exclude_none=True).encode()

    def decode(self, data: bytes) -> Computed | None:
        """See Codec.decode."""
        try:
            return Computed(CompressionResult.model_validate_json(data))
        except ValidationError:
            return None

    def cacheable(self, value: Computed) -> bool:
        """See Codec.cacheable. A rewriter that failed in a way that may pass leaves its result incomplete."""
        return value.result.method_details.get("complete") is not False
