"""A client that hangs up frees its work: over HTTP and gRPC, seen in the gauge of compressions on threads."""

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc
import httpx2
import pytest

from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.generated import promptpress_pb2_grpc
from tests.conftest import run_server
from tests.ports import free_port
from tests.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WORDS = [
    "harbour",
    "winter",
    "ledger",
    "copper",
    "signal",
    "orchard",
    "valley",
    "engine",
    "parcel",
    "lantern",
    "meadow",
    "tunnel",
    "garden",
    "marble",
]


@dataclass
class Watched:
    """A running server: where it listens, and how many compressions are on its threads."""

    port: int
    grpc_port: int
    metrics_port: int
    whole: float = 0.0
    """Seconds that work takes whose client stays."""

    def running(self) -> float:
        lines = httpx2.get(f"http://127.0.0.1:{self.metrics_port}/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("promptpress_running_compressions "))


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    grpc_port, metrics_port = free_port(), free_port()
    with run_server(PROMPTPRESS_GRPC_PORT=str(grpc_port), PROMPTPRESS_METRICS_PORT=str(metrics_port)) as url:
        server = Watched(int(url.rsplit(":", 1)[1]), grpc_port, metrics_port)
        leave = over_http(server, unseen(1000))
        eventually(lambda: server.running() == 1)
        started = time.perf_counter()
        eventually(lambda: server.running() == 0)
        server.whole = time.perf_counter() - started
        leave()
        yield server


def unseen(seed: int) -> str:
    """About 100,000 tokens that no cache has."""
    chosen = random.Random(seed)
    sentences = (f"The {' '.join(chosen.choices(WORDS, k=12))} came in {chosen.randint(1000, 9999)}." for _ in range(6000))
    return "\n\n".join(" ".join(paragraph) for paragraph in zip(*[sentences] * 5, strict=True))


def over_http(server: Watched, text: str) -> Callable[[], None]:
    body = json.dumps({"text": text, "query": "When did the engine come?", "target_ratio": 0.3}).encode()
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST /v1/compress HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection.close


def over_grpc(server: Watched, text: str) -> Callable[[], None]:
    channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
    request = pb.CompressRequest(text=text, query="When did the engine come?", target_ratio=0.3)
    call = promptpress_pb2_grpc.CompressorStub(channel).Compress.future(request)

    def hang_up() -> None:
        call.cancel()
        channel.close()

    return hang_up


@pytest.mark.parametrize("send", [over_http, over_grpc])
@pytest.mark.parametrize("after", [0.0, 0.1, 0.3])
def test_work_ends_soon_after_its_client(
    watched: Watched,
    send: Callable[[Watched, str], Callable[[], None]],
    after: float,
    record_property: Callable[[str, object], None],
) -> None:
    hang_up = send(watched, unseen(round(10 * after) + 100 * (send is over_grpc)))
    eventually(lambda: watched.running() == 1)
    time.sleep(after * watched.whole)
    assert watched.running() == 1, "the work was over before its client could leave"
    hang_up()
    left = time.perf_counter()
    eventually(lambda: watched.running() == 0, pause=0.005)
    seconds = time.perf_counter() - left
    record_property("seconds until the thread was free", round(seconds, 3))
    # Measured on this machine under the load that it has now: a small part of what the whole work takes.
    assert seconds < watched.whole / 3
