"""Every method, and that its results are those of REST."""

import asyncio
import json
from typing import Any

import grpc
import httpx2
import pytest

from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.generated import promptpress_pb2_grpc
from tests.conftest import PROSE
from tests.service.engines import app_on
from tests.service.grpc_api import wire
from tests.service.grpc_api.conftest import HOLD, MAX_BODY_BYTES, HoldingEngine, KeptText, KeptTexts, Loop


class Rest:
    """The HTTP application on the same engine."""

    def __init__(self, loop: Loop, engine: HoldingEngine) -> None:
        self._loop = loop
        self._app = app_on(engine, MAX_BODY_BYTES)

    def __call__(self, path: str, body: Any = None) -> httpx2.Response:
        async def send() -> httpx2.Response:
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self._app), base_url="http://rest") as client:
                return await (client.get(path) if body is None else client.post(path, content=json.dumps(body)))

        response: httpx2.Response = self._loop.run(send())
        return response


@pytest.fixture(scope="module")
def rest(loop: Loop, engine: HoldingEngine) -> Rest:
    return Rest(loop, engine)


MESSAGES = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": [{"type": "text", "text": "Which ship?"}, {"type": "image", "detail": 2, "scale": 0.5}]},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "strict": True, "extra": {}}]},
    {"role": "tool", "tool_call_id": "c", "content": PROSE, "empty": []},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "d", "content": [{"type": "text", "text": PROSE}]}]},
]
DOCUMENTS = [
    {
        "id": 7,
        "title": "A",
        "text": PROSE,
        "metadata": {"page": 3, "score": 0.25, "tags": ["x", None, True], "deep": {"n": {}}},
    },
    {"id": "b", "text": "Bread is baked from flour and water. It rises slowly.", "metadata": {}},
    {"text": ""},
]
BODIES: list[dict[str, Any]] = [
    {"text": PROSE, "target_ratio": 0.4},
    {"text": PROSE, "target_ratio": 0.4, "query": "Which ship?", "include": ["spans", "scores"]},
    {"text": "", "include": ["spans", "scores"]},
    {"text": "x\x00y 👨‍👩‍👧 é 你好。" * 20, "target_tokens": 30},
    {"text": PROSE, "method": "random", "options": {"seed": 3}, "target_ratio": 0.5},
    {"text": PROSE, "method": "dspc", "options": {"keywords": 4}, "target_ratio": 0.5},
    {"text": PROSE, "target_ratio": 0.95, "model": "claude-9", "protect": "strict", "protect_patterns": ["Fram"]},
    {"text": PROSE, "target_ratio": 0.5, "tokenizer": "llama3", "protect": "none"},
    {"texts": [PROSE, "", "Short."], "target_ratio": 0.5, "include": ["spans", "scores"]},
    {"texts": []},
    {"documents": DOCUMENTS, "query": "Which ship did Amundsen use?", "target_ratio": 0.4, "include": ["spans", "scores"]},
    {"documents": []},
    {"messages": MESSAGES, "model": "gpt-4o", "target_ratio": 0.4, "include": ["spans"]},
    {"messages": MESSAGES, "target_tokens": 120, "include": ["spans", "scores"]},
    {"messages": MESSAGES, "target_ratio": 0.5, "compress_roles": ["user"]},
    {"messages": []},
    {"text": PROSE, "target_ratio": 0.4, "store_original": True},
    {"documents": DOCUMENTS, "query": "Which ship?", "target_ratio": 0.4, "store_original": True},
    {"messages": MESSAGES, "target_ratio": 0.4, "store_original": True},
    {"messages": [{"role": "user", "content": "a", "numbers": [1] * 8000}], "target_ratio": 0.5},
]
# REST repeats these at top level for clients of Headroom; the proto has them in one place.
_REST_ONLY = {"tokens_before", "tokens_after", "tokens_saved", "compression_ratio", "transforms_applied"}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ",".join(body))
def test_compress_answers_what_rest_answers(
    stub: promptpress_pb2_grpc.CompressorStub, rest: Rest, body: dict[str, Any]
) -> None:
    expected = rest("/v1/compress", body).json()
    if "messages" in body and "scores" in expected:
        expected["scores"] = [located["scores"] for located in expected["scores"]]
    if not expected.get("ccr_hashes"):
        expected.pop("ccr_hashes", None)
    assert bool(expected.get("originals")) == bool(body.get("store_original"))
    answered = stub.Compress(wire.request(body))
    assert answered.id.startswith("cmp_")
    assert answered.timing_ms.total > 0
    # The second to ask may find the first one's result in the cache.
    assert answered.cache in {"hit", "miss"}
    assert {**wire.response(answered), "cache": "miss"} == {
        **{name: value for name, value in expected.items() if name not in {"id", "timing_ms", *_REST_ONLY}},
        "cache": "miss",
    }


def test_a_batch_answers_in_order_and_each_for_itself(stub: promptpress_pb2_grpc.CompressorStub, rest: Rest) -> None:
    bodies = [BODIES[0], {"text": "a", "method": "zip"}, {}, BODIES[9], {"text": PROSE, "options": {"no": 1}}]
    expected = rest("/v1/compress/batch", {"requests": bodies}).json()["results"]
    answered = stub.CompressBatch(pb.CompressBatchRequest(requests=[wire.request(body) for body in bodies])).results
    assert [item.index for item in answered] == [0, 1, 2, 3, 4]
    for item, other in zip(answered, expected, strict=True):
        assert item.WhichOneof("outcome") == ("result" if "result" in other else "error")
        if "error" in other:
            assert (item.error.code, item.error.message) == (other["error"]["code"], other["error"]["message"])
            assert (item.error.field or None) == other["error"].get("field")
        else:
            assert item.result.status == other["result"]["status"]
    assert answered[0].result.text == expected[0]["result"]["text"]


def test_an_empty_batch(stub: promptpress_pb2_grpc.CompressorStub) -> None:
    assert list(stub.CompressBatch(pb.CompressBatchRequest()).results) == []
    assert list(stub.CompressStream(pb.CompressBatchRequest())) == []


def test_a_stream_sends_each_result_when_it_is_ready(address: str, loop: Loop, engine: HoldingEngine) -> None:
    engine.hold()

    async def stream() -> list[pb.CompressStreamResponse]:
        async with grpc.aio.insecure_channel(address) as channel:
            requests = [wire.request({"text": PROSE, "query": HOLD}), wire.request({"text": "a"}), pb.CompressRequest()]
            call = promptpress_pb2_grpc.CompressorStub(channel).CompressStream(pb.CompressBatchRequest(requests=requests))
            events = [await call.read(), await call.read()]
            engine.go.set()
            return [*events, await call.read()]

    events = loop.run(stream())
    assert {event.item.index for event in events[:2]} == {1, 2}
    assert events[2].item.index == 0
    assert [event.finished for event in events] == [1, 2, 3]
    assert {event.total for event in events} == {3}
    assert next(event.item for event in events if event.item.index == 2).error.code == "invalid_value"


def test_methods(stub: promptpress_pb2_grpc.CompressorStub, rest: Rest) -> None:
    expected = rest("/v1/methods").json()["methods"]
    answered = stub.ListMethods(pb.ListMethodsRequest()).methods
    assert [
        {
            "name": method.name,
            "summary": method.summary,
            "query": method.query,
            "models": list(method.models),
            "options": json.loads(method.options_schema),
        }
        for method in answered
    ] == expected


@pytest.mark.parametrize(
    "body",
    [{"text": PROSE}, {"text": ""}, {"texts": [PROSE, "a b", "<|endoftext|>"], "model": "claude-9"}, {"texts": []}],
)
def test_tokenize(stub: promptpress_pb2_grpc.CompressorStub, rest: Rest, body: dict[str, Any]) -> None:
    expected = rest("/v1/tokenize", body).json()
    fields = {**body, "texts": pb.Texts(items=body["texts"])} if "texts" in body else body
    answered = stub.Tokenize(pb.TokenizeRequest(**fields))
    assert {
        "counts": list(answered.counts),
        "total": answered.total,
        "tokenizer": answered.tokenizer,
        "exact": answered.exact,
        "warnings": list(answered.warnings),
    } == expected


def test_retrieve_gives_an_original_to_its_tenant_only(guarded: str, originals: KeptTexts) -> None:
    originals.texts["key-a", "ab12" * 4] = KeptText(PROSE, 120)
    originals.texts["key-a", "cd34" * 4] = KeptText("", None)
    with grpc.insecure_channel(guarded) as channel:
        retrieve = promptpress_pb2_grpc.CompressorStub(channel).Retrieve
        answered = retrieve(pb.RetrieveRequest(hash="ab12" * 4), metadata=[("x-api-key", "key-a")])
        assert (answered.hash, answered.original_content, answered.tokens) == ("ab12" * 4, PROSE, 120)
        assert not retrieve(pb.RetrieveRequest(hash="cd34" * 4), metadata=[("x-api-key", "key-a")]).HasField("tokens")
        with pytest.raises(grpc.RpcError) as failure:
            retrieve(pb.RetrieveRequest(hash="ab12" * 4), metadata=[("x-api-key", "key-b")])
        assert failure.value.code() is grpc.StatusCode.NOT_FOUND
        for hash in ("", "AB12" * 4, "../etc/passwd", "a" * 50_000):
            with pytest.raises(grpc.RpcError) as failure:
                retrieve(pb.RetrieveRequest(hash=hash), metadata=[("x-api-key", "key-a")])
            assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_server_without_originals_says_so(stub: promptpress_pb2_grpc.CompressorStub) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        stub.Retrieve(pb.RetrieveRequest(hash="ab12" * 4))
    assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_an_asynchronous_client_gets_many_answers_at_once(address: str, loop: Loop) -> None:
    async def ask() -> list[str]:
        async with grpc.aio.insecure_channel(address) as channel:
            compress = promptpress_pb2_grpc.CompressorStub(channel).Compress
            answers = await asyncio.gather(*(compress(wire.request(BODIES[0])) for _ in range(16)))
            return [answer.text for answer in answers]

    assert len(set(loop.run(ask()))) == 1
