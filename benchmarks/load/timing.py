"""What is kept of a request, and what is read from many of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What a server said. Over gRPC, `status` is the HTTP status that its own corresponds to."""

    status: int
    body: bytes = b""
    retry_after: bool = False


@dataclass(frozen=True)
class Timed:
    """One answered request: when it was due (seconds since the load began), how long it took from then, and how it ended."""

    due: float
    seconds: float
    answer: Answer


@dataclass(frozen=True)
class Load:
    """One stretch of load. `client_cpu` is the processor time of the client, in seconds."""

    requests: list[Timed]
    seconds: float
    client_cpu: float

    @property
    def answered(self) -> list[Timed]:
        """The requests that were served."""
        return [each for each in self.requests if each.answer.status == 200]

    @property
    def throughput(self) -> float:
        """Served requests a second."""
        return len(self.answered) / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the time of the requests that were served."""
        return 1000 * percentile([each.seconds for each in self.answered], share)

    def summary(self) -> dict[str, float]:
        """The figures of a report."""
        return {
            "requests": len(self.requests),
            "served": len(self.answered),
            "per_second": round(self.throughput, 2),
            "p50_ms": round(self.milliseconds(0.50), 3),
            "p95_ms": round(self.milliseconds(0.95), 3),
            "p99_ms": round(self.milliseconds(0.99), 3),
            "client_cpu_ms": round(1000 * self.client_cpu / max(1, len(self.requests)), 3),
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; NaN without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
