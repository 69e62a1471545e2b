"""The service over real HTTP, as a client sees it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.conftest import PROSE, run_server


def post(url: str, path: str = "/v1/compress", body: Any = None, content: bytes | str | None = None) -> httpx2.Response:
    if content is None:
        content = json.dumps(body)
    return httpx2.post(f"{url}{path}", content=content, headers={"Content-Type": "application/json"}, timeout=120)


def test_text(server: str) -> None:
    response = post(
        server, body={"text": PROSE, "query": "Which ship did he use?", "target_ratio": 0.3, "include": ["spans"]}
    )
    assert response.status_code == 200
    body = response.json()
    assert "Fram" in body["text"]
    assert body["status"] == "compressed"
    assert body["usage"]["tokens_after"] <= 0.3 * body["usage"]["tokens_before"]
    assert "".join(PROSE[start:end] for start, end in body["spans"]) == body["text"]
    assert {"id", "method", "models", "timing_ms", "warnings", "cache"} <= body.keys()
    assert {"queue", "score", "cut", "verify", "total"} == body["timing_ms"].keys()


def test_acc_rag_says_where_it_stopped_and_how_sure_it_is(server: str) -> None:
    body = {"text": PROSE, "query": "Which ship did Amundsen use?", "method": "acc_rag", "options": {"confidence": 0.9}}
    answer = post(server, body=body).json()
    details = answer["method_details"]
    assert "Fram" in answer["text"]
    assert details["stopped"] == ("sufficient" if details["confidence"] >= 0.9 else "little_gain")
    assert 0.5 < details["confidence"] < 1
    assert details["steps"][details["stop_step"] - 1]["confidence"] == details["confidence"]
    assert post(server, body={**body, "target_ratio": 0.2}).json()["usage"]["ratio"] <= 0.2
    refused = post(server, body={**body, "options": {"confidence": 2}})
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == "options.confidence"


def test_alias_and_missing_content_type(server: str) -> None:
    response = httpx2.post(f"{server}/compress", content=json.dumps({"text": PROSE, "target_ratio": 0.5}))
    assert response.status_code == 200


def test_documents_keep_their_places(server: str) -> None:
    documents = [
        {"id": 1, "title": "A", "text": PROSE},
        {"id": 2, "text": "Bread is baked from flour " + "and water " * 30},
        {"id": 3, "text": ""},
    ]
    body = post(server, body={"documents": documents, "query": "Amundsen's ship", "target_ratio": 0.2}).json()
    assert [document["id"] for document in body["documents"]] == [1, 2, 3]
    assert body["documents"][1]["dropped"] is True
    assert body["documents"][2]["dropped"] is False


def test_messages_answer_in_headrooms_shape_too(server: str) -> None:
    messages = [
        {"role": "user", "content": "Which ship?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]},
        {"role": "tool", "tool_call_id": "c", "content": PROSE},
    ]
    body = post(server, body={"messages": messages, "model": "gpt-4o", "target_ratio": 0.4}).json()
    assert body["messages"][:2] == messages[:2]
    assert body["tokens_before"] - body["tokens_after"] == body["tokens_saved"] > 0
    assert body["compression_ratio"] == body["usage"]["ratio"]
    assert body["transforms_applied"] == ["promptpress:evidence"]
    assert body["ccr_hashes"] == []


@pytest.mark.parametrize(
    ("content", "status", "field"),
    [
        ("", 400, None),
        ("{", 400, None),
        (b'{"text": "\xff"}', 400, None),
        ("[" * 100_000, 400, None),
        ("[]", 422, None),
        ("null", 422, None),
        ("{}", 422, None),
        ('{"text": 3}', 422, "text"),
        ('{"text": "a", "texts": ["b"]}', 422, None),
        ('{"text": "\\ud800"}', 422, "text"),
        ('{"texts": ["a", "\\udfff"]}', 422, "texts[1]"),
        ('{"text": "a", "target_ratio": 0}', 422, "target_ratio"),
        ('{"text": "a", "target_ratio": -1}', 422, "target_ratio"),
        ('{"text": "a", "target_ratio": 1.5}', 422, "target_ratio"),
        ('{"text": "a", "target_ratio": NaN}', 422, "target_ratio"),
        ('{"text": "a", "target_ratio": Infinity}', 422, "target_ratio"),
        ('{"text": "a", "target_ratio": "0.5"}', 422, "target_ratio"),
        ('{"text": "a", "target_tokens": 0}', 422, "target_tokens"),
        ('{"text": "a", "target_tokens": 1e99}', 422, "target_tokens"),
        ('{"text": "a", "target_ratio": 0.5, "target_tokens": 3}', 422, None),
        ('{"text": "a", "method": "zip"}', 422, "method"),
        ('{"text": "a", "method": 1}', 422, "method"),
        ('{"text": "a", "tokenizer": "nope"}', 422, "tokenizer"),
        ('{"text": "a", "protect": "all"}', 422, "protect"),
        ('{"text": "a", "protect_patterns": ["("]}', 422, "protect_patterns[0]"),
        ('{"text": "a", "options": {"no": 1}}', 422, "options.no"),
        ('{"text": "a", "method": "dspc", "options": {"rho": NaN}}', 422, "options.rho"),
        ('{"text": "a", "surprise": 1}', 422, "surprise"),
        ('{"documents": [{"text": "a"}, {"title": "b"}]}', 422, "documents[1].text"),
        ('{"messages": [{"role": "user", "content": 5}]}', 422, "messages[0].content"),
        ('{"messages": [5]}', 422, "messages[0]"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', 422, "messages[0]"),
        ('{"messages": [{"role": "user", "content": "a", "x": ' + "[" * 500 + "]" * 500 + "}]}", 422, "messages[0]"),
        ('{"documents": [{"text": "a", "metadata": {"k": "\\udc00"}}]}', 422, "documents[0].metadata"),
        ('{"documents": [{"text": "a", "id": []}]}', 422, "documents[0].id"),
    ],
)
def test_mistakes_get_the_right_status_and_name_their_field(
    server: str, content: str | bytes, status: int, field: str | None
) -> None:
    response = post(server, content=content)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"]
    assert error["message"]
    assert error.get("field") == field


@pytest.mark.parametrize(
    "text",
    [
        "",
        "word",
        "\u200d" * 40,
        "\0" * 50,
        " \n\t ",
        "😀😀😀",
        "a\u0000b. c\u0000d. e",
        "字" * 5000,
        "word " * 5000,
        '{"a": ' * 3000 + "1" + "}" * 3000,
        "[" * 3000,
    ],
)
def test_odd_texts_are_answered(server: str, text: str) -> None:
    response = post(server, body={"text": text, "query": "x", "target_ratio": 0.5})
    assert response.status_code == 200
    body = response.json()
    assert body["usage"]["tokens_after"] <= body["usage"]["tokens_before"]


def test_errors_never_repeat_the_prompt(server: str) -> None:
    response = post(server, body={"text": ["secret-prompt-text"], "target_ratio": "secret-prompt-text"})
    assert response.status_code == 422
    assert "secret-prompt-text" not in response.text


def test_a_body_over_the_limit_is_413_and_the_process_lives(server: str) -> None:
    response = post(server, body={"text": "a" * 5_000_000})
    assert response.status_code == 413
    assert "PROMPTPRESS_MAX_BODY_BYTES" in response.json()["error"]["message"]

    def chunks() -> Any:
        yield b'{"text": "'
        for _ in range(50):
            yield b"a" * 100_000
        yield b'"}'

    assert httpx2.post(f"{server}/v1/compress", content=chunks()).status_code == 413
    assert httpx2.get(f"{server}/livez").status_code == 200


def test_budget_infeasible_says_what_would_do(server: str) -> None:
    body = {"text": f"<keep>{PROSE}</keep>", "target_tokens": 5}
    error = post(server, body=body).json()["error"]
    assert error["code"] == "budget_infeasible"
    smallest = error["details"]["smallest_target_tokens"]
    assert post(server, body={**body, "target_tokens": smallest}).status_code == 200


def test_batch_items_fail_one_by_one(server: str) -> None:
    requests = [{"text": PROSE, "target_ratio": 0.5}, {"text": 3}, {"text": PROSE, "method": "zip"}]
    response = post(server, "/v1/compress/batch", {"requests": requests})
    assert response.status_code == 200
    results = response.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2]
    assert results[0]["result"]["status"] == "compressed"
    assert results[1]["error"]["field"] == "text"
    assert results[2]["error"]["code"] == "unknown_method"
    assert post(server, "/v1/compress/batch", {"requests": [{}] * 101}).json()["error"]["field"] == "requests"


def test_concurrent_requests_do_not_leak_into_each_other(server: str) -> None:
    bodies = [{"text": PROSE.replace("Amundsen", f"Person{i}"), "target_ratio": 0.4} for i in range(24)]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda body: post(server, body=body).json()["text"], bodies))
    assert together == [post(server, body=body).json()["text"] for body in bodies]


def test_methods_come_with_their_options(server: str) -> None:
    methods = {m["name"]: m for m in httpx2.get(f"{server}/v1/methods").json()["methods"]}
    assert {"auto", "dspc", "bm25", "truncate", "random"} <= methods.keys()
    assert methods["dspc"]["options"]["properties"]["rho"]["default"] == 0.7


def test_models_and_tokenizers(server: str) -> None:
    body = httpx2.get(f"{server}/v1/models").json()
    assert body["data"][0]["id"].startswith("all-MiniLM-L6-v2")
    assert "o200k_base" in body["tokenizers"]


def test_tokenize(server: str) -> None:
    body = post(server, "/v1/tokenize", {"texts": ["Hello world", ""], "model": "gpt-4o"}).json()
    assert (body["counts"], body["total"], body["tokenizer"], body["exact"]) == ([2, 0], 2, "o200k_base", True)
    assert post(server, "/v1/tokenize", {}).status_code == 422
    assert post(server, "/v1/tokenize", {"text": "a", "tokenizer": "x"}).json()["error"]["field"] == "tokenizer"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes(server: str, path: str) -> None:
    assert httpx2.get(f"{server}{path}").json() == {"status": "ok"}


def test_documentation(server: str) -> None:
    assert httpx2.get(f"{server}/docs").status_code == 200
    document = httpx2.get(f"{server}/openapi.json").json()
    examples = document["paths"]["/v1/compress"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert post(server, body=example["value"]).status_code == 200


def test_unknown_paths_and_verbs(server: str) -> None:
    assert httpx2.get(f"{server}/nope").json()["error"]["code"] == "not_found"
    assert httpx2.get(f"{server}/v1/compress").json()["error"]["code"] == "method_not_allowed"


@pytest.mark.e2e
def test_settings_are_honoured() -> None:
    with run_server(PROMPTPRESS_MAX_BODY_BYTES="2000", PROMPTPRESS_MAX_BATCH_ITEMS="1") as url:
        assert post(url, body={"text": "a" * 3000}).status_code == 413
        assert post(url, "/v1/compress/batch", {"requests": [{}, {}]}).status_code == 422


def test_a_deadline_gives_the_original_back(server: str) -> None:
    text = "\n\n".join(f"{PROSE} Number {i}." for i in range(200))
    body = post(server, body={"text": text, "target_ratio": 0.2, "deadline_ms": 1, "include": ["spans"]}).json()
    assert (body["status"], body["reason"], body["text"]) == ("unchanged", "deadline", text)
    assert body["usage"]["tokens_before"] == body["usage"]["tokens_after"] > 20_000


def test_a_client_that_hangs_up_does_not_keep_the_service_busy(server: str) -> None:
    text = "\n\n".join(f"{PROSE} Line {i}." for i in range(900))
    for _ in range(4):
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(f"{server}/v1/compress", json={"text": text, "target_ratio": 0.2}, timeout=0.3)
    assert post(server, body={"text": PROSE, "target_ratio": 0.5}).status_code == 200
