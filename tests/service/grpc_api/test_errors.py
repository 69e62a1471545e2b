"""Every mistake has its status code, and the error is that of REST."""

import logging
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct

from promptpress.errors import CompressionError
from promptpress_service.dialects.errors import report_of
from promptpress_service.failures import ServiceFailure
from promptpress_service.grpc_api import conversion, status
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.generated import promptpress_pb2_grpc
from tests.conftest import PROSE
from tests.service.grpc_api import wire
from tests.service.grpc_api.conftest import MAX_BODY_BYTES
from tests.waiting import PATIENCE_SECONDS

Stub = promptpress_pb2_grpc.CompressorStub


def failure_of(stub: Stub, request: pb.CompressRequest, **options: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as failure:
        stub.Compress(request, **options)
    return failure.value


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid_value", None),
        ({"text": "a", "target_ratio": 0.0}, "invalid_value", "target_ratio"),
        ({"text": "a", "target_ratio": 1.5}, "invalid_value", "target_ratio"),
        ({"text": "a", "target_ratio": float("nan")}, "invalid_value", "target_ratio"),
        ({"text": "a", "target_ratio": float("inf")}, "invalid_value", "target_ratio"),
        ({"text": "a", "target_tokens": 0}, "invalid_value", "target_tokens"),
        ({"text": "a", "target_tokens": 2**63 - 1}, "invalid_value", "target_tokens"),
        ({"text": "a", "target_ratio": 0.5, "target_tokens": 3}, "invalid_value", None),
        ({"text": "a", "method": "zip"}, "unknown_method", "method"),
        ({"text": "a", "tokenizer": "nope"}, "invalid_value", "tokenizer"),
        ({"text": "a", "protect": "all"}, "invalid_value", "protect"),
        ({"text": "a", "protect_patterns": ["("]}, "invalid_pattern", "protect_patterns[0]"),
        ({"text": "a", "include": ["everything"]}, "invalid_value", "include[0]"),
        ({"text": "a", "options": {"no": 1}}, "invalid_value", "options.no"),
        ({"text": "a", "method": "random", "options": {"seed": 1.5}}, "invalid_value", "options.seed"),
        ({"text": "a", "method": "dspc", "options": {"rho": float("nan")}}, "invalid_value", "options.rho"),
        ({"documents": [{"text": "a"}, {"title": "b"}]}, "invalid_value", "documents[1].text"),
        ({"messages": [{"role": "user", "content": 5}]}, "invalid_value", "messages[0].content"),
        ({"messages": [{"content": "a"}]}, "invalid_value", "messages[0].role"),
        ({"text": PROSE, "target_tokens": 3, "protect_patterns": ["Norwegian explorer"]}, "budget_infeasible", None),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_a_mistake_is_an_invalid_argument_that_names_its_field(
    stub: Stub, body: dict[str, Any], code: str, field: str | None
) -> None:
    failure = failure_of(stub, wire.request(body))
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT
    error = wire.error_of(failure)
    assert (error["code"], error.get("field")) == (code, field)
    assert error["message"] == failure.details()


def test_an_infeasible_budget_says_what_would_do(stub: Stub) -> None:
    body = {"text": PROSE, "target_tokens": 3, "protect_patterns": ["Norwegian explorer"]}
    enough = wire.error_of(failure_of(stub, wire.request(body)))["details"]["smallest_target_tokens"]
    assert stub.Compress(wire.request({**body, "target_tokens": enough})).usage.tokens_after <= enough


def test_errors_never_repeat_the_prompt(stub: Stub) -> None:
    failure = failure_of(stub, pb.CompressRequest(text="secret-prompt-text", query="bug"))
    assert "secret-prompt-text" not in str(failure)
    assert b"secret-prompt-text" not in dict(failure.trailing_metadata())["promptpress-error-bin"]


def test_a_bug_is_internal_and_only_its_type_is_logged(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        failure = failure_of(stub, pb.CompressRequest(text="a", query="bug"))
    assert failure.code() is grpc.StatusCode.INTERNAL
    assert wire.error_of(failure) == {"code": "internal", "message": "internal error"}
    assert [record.getMessage() for record in caplog.records if record.name == "promptpress_service.grpc_api.boundary"] == [
        "/promptpress.v1.Compressor/Compress failed: RuntimeError"
    ]
    assert "secret-prompt-text" not in caplog.text


def test_overload_says_when_to_come_back(stub: Stub) -> None:
    failure = failure_of(stub, pb.CompressRequest(text="a", query="overload"))
    assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(failure.trailing_metadata())["retry-after"] == "2"
    assert wire.error_of(failure)["code"] == "overloaded"


def test_overload_fails_a_batch_and_a_stream_as_a_whole(stub: Stub) -> None:
    request = pb.CompressBatchRequest(
        requests=[pb.CompressRequest(text="a"), pb.CompressRequest(text="a", query="overload")]
    )
    with pytest.raises(grpc.RpcError) as failure:
        stub.CompressBatch(request)
    assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    with pytest.raises(grpc.RpcError) as failure:
        list(stub.CompressStream(request))
    assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_missed_deadline_of_the_engine(stub: Stub) -> None:
    failure = failure_of(stub, pb.CompressRequest(text="a", query="late"))
    assert failure.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_work_that_was_cancelled_inside_ends_the_call(stub: Stub) -> None:
    failure = failure_of(stub, pb.CompressRequest(text="a", query="cancelled work"), timeout=PATIENCE_SECONDS)
    assert failure.code() is grpc.StatusCode.UNAVAILABLE


def test_too_many_items(stub: Stub) -> None:
    for method in (stub.CompressBatch, lambda request: list(stub.CompressStream(request))):
        with pytest.raises(grpc.RpcError) as failure:
            method(pb.CompressBatchRequest(requests=[pb.CompressRequest(text="a")] * 21))
        assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert wire.error_of(failure.value)["field"] == "requests"


def test_a_message_over_the_limit(stub: Stub) -> None:
    for compression in (None, grpc.Compression.Gzip):
        failure = failure_of(stub, pb.CompressRequest(text="a" * 2 * MAX_BODY_BYTES), compression=compression)
        assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert stub.Compress(pb.CompressRequest(text="a")).text == "a"


@pytest.mark.parametrize("key", ["k" * 40_000, "你" * 10_000, "\n" * 10_000])
def test_a_huge_name_in_an_error_still_fits_into_the_metadata(stub: Stub, key: str) -> None:
    options = Struct()
    options.fields[key].bool_value = True
    failure = failure_of(stub, pb.CompressRequest(text="a", options=options))
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert wire.error_of(failure)["code"] == "invalid_value"


@pytest.mark.parametrize(("depth", "accepted"), [(conversion.MAX_DEPTH, True), (conversion.MAX_DEPTH + 1, False)])
def test_nesting_is_bounded_so_that_every_answer_can_be_sent(stub: Stub, depth: int, accepted: bool) -> None:
    nested: dict[str, Any] = {}
    for _ in range(depth - 2):
        nested = {"a": nested}
    request = wire.request({"messages": [{"role": "user", "content": "a", "extra": nested}]})
    answered = next(stub.CompressStream(pb.CompressBatchRequest(requests=[request]))).item
    assert answered.WhichOneof("outcome") == ("result" if accepted else "error")
    if accepted:
        assert conversion.from_struct(answered.result.messages.items[0], "")["extra"] == nested
    else:
        assert answered.error.field == "messages[0]"


@pytest.mark.parametrize("raw", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x22\x80\x80\x80\x80\x10"])
@pytest.mark.parametrize(
    "method", ["promptpress.v1.Compressor/Compress", "promptpress.v1.Compressor/Tokenize", "grpc.health.v1.Health/Check"]
)
def test_bytes_that_do_not_parse(channel: grpc.Channel, method: str, raw: bytes) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        channel.unary_unary(f"/{method}")(raw)
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert wire.error_of(failure.value)["code"] == "malformed_message"


def test_reflection_refuses_bytes_that_do_not_parse(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        list(channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")(iter([b"\xff"])))
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_methods_that_do_not_exist_yet(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        channel.unary_unary("/promptpress.v1.Compressor/CompressKV")(b"")
    assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_every_known_failure_has_a_status_code() -> None:
    def kinds(base: type[Any]) -> set[type[Any]]:
        return {base}.union(*(kinds(kind) for kind in base.__subclasses__()))

    statuses = {kind.status for kind in kinds(ServiceFailure)} | {report_of(CompressionError("wrong")).status}
    assert statuses <= status.STATUS_CODES.keys()
