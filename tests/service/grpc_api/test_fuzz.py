"""Whatever a client sends, it never gets INTERNAL or UNKNOWN, and always an answer."""

from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from tests.strategies import any_text
from tests.waiting import PATIENCE_SECONDS

METHODS: dict[str, type[Message]] = {
    "Compress": pb.CompressRequest,
    "CompressBatch": pb.CompressBatchRequest,
    "CompressStream": pb.CompressBatchRequest,
    "Retrieve": pb.RetrieveRequest,
    "ListMethods": pb.ListMethodsRequest,
    "Tokenize": pb.TokenizeRequest,
}
_ALLOWED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}

_values = st.recursive(
    st.builds(Value)
    | st.builds(Value, string_value=any_text)
    | st.builds(Value, number_value=st.floats())
    | st.builds(Value, bool_value=st.booleans())
    | st.just(Value(null_value=NULL_VALUE)),
    lambda inner: (
        st.builds(lambda values: _listed(values), st.lists(inner, max_size=4))
        | st.builds(
            lambda fields: Value(struct_value=Struct(fields=fields)), st.dictionaries(st.text(max_size=6), inner, max_size=4)
        )
    ),
    max_leaves=12,
)
_structs = st.builds(lambda fields: Struct(fields=fields), st.dictionaries(st.text(max_size=6), _values, max_size=4))
_messages = st.builds(
    lambda role, content, extra: Struct(fields={**extra.fields, "role": Value(string_value=role), "content": content}),
    st.sampled_from(["user", "tool", "assistant", "system", "x", ""]),
    _values,
    _structs,
)
_documents = st.builds(
    pb.Document,
    text=st.none() | any_text,
    title=st.none() | st.text(max_size=9),
    integer_id=st.none() | st.integers(-(2**63), 2**63 - 1),
    metadata=st.none() | _structs,
)
_inputs: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"text": any_text}),
    st.fixed_dictionaries({"texts": st.builds(pb.Texts, items=st.lists(any_text, max_size=3))}),
    st.fixed_dictionaries({"documents": st.builds(pb.Documents, items=st.lists(_documents, max_size=3))}),
    st.fixed_dictionaries({"messages": st.builds(pb.Messages, items=st.lists(_messages | _structs, max_size=4))}),
)
_names = st.sampled_from(
    ["auto", "dspc", "random", "truncate", "", "facts", "strict", "none", "spans", "scores", "user", "gpt-4o", "llama3"]
)
_requests = st.builds(
    lambda given, others: pb.CompressRequest(**given, **others),
    _inputs,
    st.fixed_dictionaries(
        {},
        optional={
            "query": any_text,
            "target_ratio": st.floats(),
            "target_tokens": st.integers(-(2**63), 2**63 - 1) | st.integers(1, 50),
            "method": _names,
            "options": _structs,
            "model": _names,
            "tokenizer": _names,
            "protect": _names,
            "protect_patterns": st.lists(st.text(max_size=5), max_size=2),
            "compress_roles": st.lists(_names, max_size=2),
            "include": st.lists(_names, max_size=2),
            "deadline_ms": st.integers(-(2**63), 2**63 - 1),
            "store_original": st.booleans(),
        },
    ),
)


def _listed(values: list[Value]) -> Value:
    value = Value()
    value.list_value.SetInParent()
    value.list_value.values.extend(values)
    return value


def _code(channel: grpc.Channel, method: str, raw: bytes) -> grpc.StatusCode:
    path = f"/promptpress.v1.Compressor/{method}"
    try:
        if method == "CompressStream":
            for _ in channel.unary_stream(path)(raw, timeout=PATIENCE_SECONDS):
                pass
        else:
            channel.unary_unary(path)(raw, timeout=PATIENCE_SECONDS)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK


@pytest.mark.parametrize("method", METHODS)
@given(raw=st.binary(max_size=200))
def test_any_bytes(channel: grpc.Channel, method: str, raw: bytes) -> None:
    assert _code(channel, method, raw) in _ALLOWED


@given(request=_requests)
def test_any_fields(channel: grpc.Channel, request: pb.CompressRequest) -> None:
    assert _code(channel, "Compress", request.SerializeToString()) in _ALLOWED


@given(requests=st.lists(_requests, max_size=3), cut=st.integers(0, 60))
def test_any_batch_whole_or_cut_short(channel: grpc.Channel, requests: list[pb.CompressRequest], cut: int) -> None:
    raw = pb.CompressBatchRequest(requests=requests).SerializeToString()
    assert _code(channel, "CompressBatch", raw) is grpc.StatusCode.OK
    assert _code(channel, "CompressStream", raw[: len(raw) - cut]) in _ALLOWED
