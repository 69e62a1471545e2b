"""Health, reflection, keys, TLS, deadlines, cancellation and stopping."""

import asyncio
import datetime
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from promptpress_service.engine.engine import Engine
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.grpc_api.boundary import Call
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.generated import promptpress_pb2_grpc
from promptpress_service.grpc_api.server import SERVICE, GrpcServer, Tls
from promptpress_service.observability.observer import Observer
from promptpress_service.tenancy.caller import ANYONE, Caller
from promptpress_service.tenancy.rate_limits import Limits, parse_limits
from tests.conftest import PROSE
from tests.service.engines import open_engine
from tests.service.grpc_api import wire
from tests.service.grpc_api.conftest import HOLD, HoldingEngine, KeptText, KeptTexts, Loop, by_key, server_on, serving
from tests.waiting import PATIENCE_SECONDS

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(channel: grpc.Channel, service: str = "") -> int:
    status: int = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service)).status
    return status


def test_health_by_name(channel: grpc.Channel) -> None:
    assert health(channel) == health(channel, SERVICE) == SERVING
    with pytest.raises(grpc.RpcError) as failure:
        health(channel, "no.such.Service")
    assert failure.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_follows_the_engine(loop: Loop, engine: HoldingEngine) -> None:
    loading = EngineHandle()
    server = GrpcServer(loading, "127.0.0.1", 0, observer=Observer(engine.metrics))
    with serving(loop, server) as address, grpc.insecure_channel(address) as channel:
        assert health(channel) == NOT_SERVING
        with pytest.raises(grpc.RpcError) as failure:
            promptpress_pb2_grpc.CompressorStub(channel).Compress(pb.CompressRequest(text="a"))
        assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
        assert dict(failure.value.trailing_metadata())["retry-after"] == "1"
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == NOT_SERVING
        loading.open_with(engine)
        assert next(watch).status == SERVING
        loading.draining = True
        assert next(watch).status == NOT_SERVING
        watch.cancel()


def test_reflection_lists_the_services_and_their_messages(guarded: str) -> None:
    with grpc.insecure_channel(guarded) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE in database.get_services()
        service = DescriptorPool(database).FindServiceByName(SERVICE)
        assert [method.name for method in service.methods] == [
            method.name for method in pb.DESCRIPTOR.services_by_name["Compressor"].methods
        ]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ([], grpc.StatusCode.UNAUTHENTICATED),
        ([("x-api-key", "wrong")], grpc.StatusCode.UNAUTHENTICATED),
        ([("x-api-key-bin", b"key-a")], grpc.StatusCode.UNAUTHENTICATED),
        ([("x-api-key", "barred")], grpc.StatusCode.PERMISSION_DENIED),
        ([("authorization", "Bearer key-a")], None),
        ([("x-api-key", "key-a")], None),
        ([("x-headroom-proxy-token", "key-a")], None),
    ],
    ids=str,
)
def test_keys(
    guarded: str, engine: HoldingEngine, metadata: list[tuple[str, str | bytes]], code: grpc.StatusCode | None
) -> None:
    engine.callers.clear()
    batch = pb.CompressBatchRequest(requests=[pb.CompressRequest(text="a")])
    with grpc.insecure_channel(guarded) as channel:
        stub = promptpress_pb2_grpc.CompressorStub(channel)
        for call in (
            lambda: stub.Compress(pb.CompressRequest(text="a"), metadata=metadata),
            lambda: stub.CompressBatch(batch, metadata=metadata),
            lambda: list(stub.CompressStream(batch, metadata=metadata)),
            lambda: stub.ListMethods(pb.ListMethodsRequest(), metadata=metadata),
            lambda: stub.Tokenize(pb.TokenizeRequest(text="a"), metadata=metadata),
        ):
            if code is None:
                call()
                continue
            with pytest.raises(grpc.RpcError) as failure:
                call()
            assert failure.value.code() is code
        assert health(channel) == SERVING
    assert engine.callers == ([] if code else [Caller("key-a")] * 3)


def test_every_method_counts_against_the_limit_of_its_tenant(loop: Loop, originals: KeptTexts) -> None:
    engine = loop.run(open_engine(Engine, limits=Limits(requests=parse_limits("4/minute"))))
    with (
        serving(loop, server_on(engine, authenticate=by_key, originals=originals)) as address,
        grpc.insecure_channel(address) as channel,
    ):
        stub = promptpress_pb2_grpc.CompressorStub(channel)
        originals.texts["key-a", "ab12" * 4] = KeptText(PROSE, 120)
        mine = [("x-api-key", "key-a")]
        calls: tuple[Callable[[], object], ...] = (
            lambda: stub.Compress(pb.CompressRequest(text="a"), metadata=mine),
            lambda: stub.ListMethods(pb.ListMethodsRequest(), metadata=mine),
            lambda: stub.Tokenize(pb.TokenizeRequest(text="a"), metadata=mine),
            lambda: stub.Retrieve(pb.RetrieveRequest(hash="ab12" * 4), metadata=mine),
        )
        for call in calls:
            call()
        for call in calls:
            with pytest.raises(grpc.RpcError) as failure:
                call()
            assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert wire.error_of(failure.value)["code"] == "rate_limited"
            assert int(dict(failure.value.trailing_metadata())["retry-after"]) > 0
        assert stub.Tokenize(pb.TokenizeRequest(text="a"), metadata=[("x-api-key", "key-b")]).total == 1
    loop.run(engine.close())


@pytest.mark.parametrize(("given", "kept"), [("trace-1", True), ("a" * 128, True), ("a" * 129, False), ("", False)])
def test_the_request_id_comes_back_from_answers_and_errors(
    stub: promptpress_pb2_grpc.CompressorStub, given: str, kept: bool
) -> None:
    metadata = [("x-request-id", given)]
    _, call = stub.Compress.with_call(pb.CompressRequest(text="a"), metadata=metadata)
    with pytest.raises(grpc.RpcError) as failure:
        stub.Compress(pb.CompressRequest(), metadata=metadata)
    for trailing in (call.trailing_metadata(), failure.value.trailing_metadata()):
        echoed = dict(trailing)["x-request-id"]
        assert (echoed == given) is kept
        assert kept or len(echoed) == 32


def test_a_deadline_ends_the_call_and_its_work(
    stub: promptpress_pb2_grpc.CompressorStub, loop: Loop, engine: HoldingEngine
) -> None:
    # On a busy machine a call may end before the engine has it.
    for seconds in (0.5, 5.0, 50.0):
        engine.hold()
        with pytest.raises(grpc.RpcError) as failure:
            stub.Compress(pb.CompressRequest(text=PROSE, query=HOLD), timeout=seconds)
        assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        if engine.held.is_set():
            break
    loop.run(asyncio.wait_for(engine.cancelled.wait(), PATIENCE_SECONDS))


def test_a_client_that_hangs_up_cancels_its_work(address: str, loop: Loop, engine: HoldingEngine) -> None:
    request = pb.CompressRequest(text=PROSE, query=HOLD)
    batch = pb.CompressBatchRequest(requests=[request, request])

    async def hang_up(method: str) -> None:
        engine.hold()
        async with grpc.aio.insecure_channel(address) as channel:
            call = getattr(promptpress_pb2_grpc.CompressorStub(channel), method)(request if method == "Compress" else batch)
            await asyncio.wait_for(engine.held.wait(), PATIENCE_SECONDS)
            call.cancel()
            await asyncio.wait_for(engine.cancelled.wait(), PATIENCE_SECONDS)

    for method in ("Compress", "CompressBatch", "CompressStream"):
        loop.run(hang_up(method))


@pytest.mark.parametrize(
    ("left", "own", "expected"),
    [
        (None, None, None),
        (None, 70, 70),
        (2.0, None, 1950),
        (2.0, 70, 70),
        (2.0, 5000, 1950),
        (0.1, None, 90),
        (0.0, None, 1),
    ],
)
def test_what_is_left_of_the_calls_deadline_bounds_the_request(
    left: float | None, own: int | None, expected: int | None
) -> None:
    call = Call(ANYONE, SimpleNamespace(time_remaining=lambda: left))
    bounded = call.bounded(ServiceRequest(text="a", deadline_ms=own))
    assert bounded.deadline_ms == expected


def test_stopping_answers_what_was_accepted_and_ends_watches(loop: Loop, engine: HoldingEngine) -> None:
    engine.hold()

    async def stop_under_way() -> None:
        server = server_on(engine)
        address = f"127.0.0.1:{await server.start()}"
        async with grpc.aio.insecure_channel(address) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert (await watch.read()).status == SERVING
            compress = promptpress_pb2_grpc.CompressorStub(channel).Compress
            accepted = asyncio.ensure_future(compress(wire.request({"text": PROSE, "query": HOLD})))
            await asyncio.wait_for(engine.held.wait(), PATIENCE_SECONDS)
            await server.drain()
            assert (await watch.read()).status == NOT_SERVING
            assert (await compress(pb.CompressRequest(text="a"))).text == "a"
            stopping = asyncio.create_task(server.stop(PATIENCE_SECONDS))
            assert await watch.code() is grpc.StatusCode.UNAVAILABLE
            engine.go.set()
            assert (await accepted).status in ("compressed", "unchanged")
            await asyncio.wait_for(stopping, PATIENCE_SECONDS)

    loop.run(stop_under_way())


def test_tls(loop: Loop, engine: HoldingEngine, tmp_path: Path) -> None:
    tls = Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    _self_signed(tls)
    with serving(loop, server_on(engine, tls=tls)) as address:
        credentials = grpc.ssl_channel_credentials(tls.certificate.read_bytes())
        with grpc.secure_channel(address, credentials) as channel:
            assert promptpress_pb2_grpc.CompressorStub(channel).Compress(pb.CompressRequest(text="a")).text == "a"
        with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as failure:
            promptpress_pb2_grpc.CompressorStub(channel).Compress(pb.CompressRequest(text="a"))
        assert failure.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_missing_certificate_or_a_taken_port_is_an_error_at_start(
    loop: Loop, engine: HoldingEngine, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        loop.run(server_on(engine, tls=Tls(tmp_path / "no", tmp_path / "no")).start())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1:"):
            loop.run(server_on(engine, taken.getsockname()[1]).start())


def _self_signed(tls: Tls) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    tls.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_calls_are_counted_like_requests(channel: grpc.Channel, engine: HoldingEngine) -> None:
    stub = promptpress_pb2_grpc.CompressorStub(channel)

    def count(route: str, outcome: str) -> float:
        labels = {"route": f"promptpress.v1.Compressor/{route}", "outcome": outcome}
        return sum(
            sample.value
            for metric in engine.metrics.registry.collect()
            for sample in metric.samples
            if sample.name == "promptpress_requests_total" and labels.items() <= sample.labels.items()
        )

    before = count("Compress", "compressed"), count("Compress", "client_error"), count("ListMethods", "ok")
    stub.Compress(pb.CompressRequest(text=PROSE, query="Who?", target_ratio=0.5))
    with pytest.raises(grpc.RpcError):
        stub.Compress(pb.CompressRequest(text=PROSE, target_ratio=7))
    stub.ListMethods(pb.ListMethodsRequest())
    after = count("Compress", "compressed"), count("Compress", "client_error"), count("ListMethods", "ok")
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
