"""REST and gRPC, new requests and cached ones, at several numbers of clients; and what many clients gain over one."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle, islice

from benchmarks.load.generator import Connection, closed_loop
from benchmarks.load.grpc_client import GrpcConnection
from benchmarks.load.http_client import HttpConnection
from benchmarks.load.prompts import grpc_requests, http_requests
from benchmarks.load.servers import Service
from benchmarks.load.timing import Load

CLIENTS = (1, 8, 32)
TOKENS = 300
SHORT, LONG = 60, 2500

Cells = dict[tuple[str, str, int], Load]
"""By protocol, `new` or `cached`, and clients."""
Gains = dict[int, tuple[Load, Load]]
"""By tokens of a text: one client, and many."""


async def measure(service: Service, seconds: float, say: Callable[[str], None]) -> Cells:
    """Every combination for so many seconds."""
    cells: Cells = {}
    for protocol in ("REST", "gRPC"):
        connect, new = _protocol(service, protocol)
        for clients in CLIENTS:
            cells[protocol, "new", clients] = await closed_loop(connect, new(TOKENS), clients, seconds)
            known = list(islice(new(TOKENS), 4))
            connection = await connect()
            for request in known:
                await connection.send(request)
            await connection.close()
            cells[protocol, "cached", clients] = await closed_loop(connect, cycle(known), clients, seconds)
            for kind in ("new", "cached"):
                load = cells[protocol, kind, clients]
                p99 = load.milliseconds(0.99)
                say(f"{protocol}, {kind}, {clients} clients: {load.throughput:.1f} requests a second, p99 {p99:.1f} ms")
    return cells


async def gains(service: Service, seconds: float, say: Callable[[str], None]) -> Gains:
    """The most clients against one, for short and for long texts."""
    connect, new = _protocol(service, "REST")
    found: Gains = {}
    for tokens in (SHORT, LONG):
        one = await closed_loop(connect, new(tokens), 1, seconds)
        many = await closed_loop(connect, new(tokens), CLIENTS[-1], seconds)
        found[tokens] = one, many
        say(f"{tokens} tokens: {one.throughput:.1f} requests a second by one client, {many.throughput:.1f} by {CLIENTS[-1]}")
    return found


def _protocol(service: Service, name: str) -> tuple[Callable[[], Awaitable[Connection]], Callable[[int], Iterator[bytes]]]:
    if name == "REST":
        return lambda: HttpConnection.open(service.port), http_requests
    return lambda: GrpcConnection.open(service.grpc_port), grpc_requests
