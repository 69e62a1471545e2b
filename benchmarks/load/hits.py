"""How much of a bare FastAPI route's throughput an answer from the cache has."""

import statistics
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat

from benchmarks.load.generator import closed_loop
from benchmarks.load.http_client import HttpConnection
from benchmarks.load.prompts import http_requests
from benchmarks.load.servers import Baseline, Service

_CLIENTS = 8
_TOKENS = 300
_ROUNDS = 7


@dataclass(frozen=True)
class Hits:
    """Requests a second of each round, one after the other so that what else the machine does meets both."""

    service: list[float]
    baseline: list[float]

    @property
    def share(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(ours / bare for ours, bare in zip(self.service, self.baseline, strict=True))

    def figures(self) -> dict[str, object]:
        """For the report."""
        return {**asdict(self), "share": round(self.share, 3)}


async def measure(service: Service, seconds: float) -> Hits:
    """Ask both for the same again and again, by turns, for `seconds` each in all."""
    request = next(http_requests(_TOKENS))
    connection = await HttpConnection.open(service.port)
    await connection.send(request)
    answer = await connection.send(request)
    await connection.close()
    each = seconds / _ROUNDS
    rates: dict[int, list[float]] = {}
    with Baseline(answer.body) as baseline:
        for _ in range(_ROUNDS):
            for server in (baseline, service):
                load = await closed_loop(partial(HttpConnection.open, server.port), repeat(request), _CLIENTS, each)
                rates.setdefault(server.port, []).append(round(load.throughput, 1))
        return Hits(rates[service.port], rates[baseline.port])
