"""What a dialect in one file gets by being registered."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from promptpress_service.dialects.native import NATIVE
from promptpress_service.dialects.registry import DIALECTS, DialectTable
from promptpress_service.settings.settings import Settings, TenantLimits
from promptpress_service.wiring import create_app
from tests.conftest import PROSE
from tests.service.dialects.toy import Toy
from tests.service.serving import serving

KEY, LIMITED = "key-of-ann-and-nobody-else", "key-of-bob-and-nobody-else"
PATH = "/toy/shorten"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    settings = Settings(
        api_keys=f"ann:{KEY},bob:{LIMITED}",
        tenant_limits={"bob": TenantLimits(rate_limit="1/day")},
        max_body_bytes=4000,
        max_wait_ms=60_000,
        grpc_port=-1,
        threads=1,
        public_docs=True,
    )
    with serving(create_app(settings, dialects=(*DIALECTS, Toy()))) as url:
        yield url


def ask(url: str, body: Any = None, path: str = PATH, key: str | None = KEY, **options: Any) -> httpx2.Response:
    headers = {"x-toy-key": key, **options.pop("headers", {})} if key else {}
    return httpx2.post(f"{url}{path}", headers=headers, **({"json": body} if body is not None else options), timeout=60)


def oops(response: httpx2.Response) -> tuple[str, int]:
    body = response.json()
    assert body.keys() == {"oops", "why", "number"}
    assert body["number"] == response.status_code
    return body["oops"], response.status_code


def test_it_is_served_on_all_its_paths_and_from_the_cache(url: str) -> None:
    answers = [ask(url, {"long": PROSE}), ask(url, {"long": PROSE}), ask(url, {"long": PROSE}, "/toy/v2/shorten")]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.json().keys() == {"short", "asked_by"}
        assert 0 < len(answer.json()["short"]) < len(PROSE)
        assert PROSE.startswith(answer.json()["short"])
    assert len({answer.json()["short"] for answer in answers}) == 1


def test_the_response_cache_tells_requests_apart_by_the_headers_it_reads(url: str) -> None:
    def asked_by(user: str) -> str:
        answer: dict[str, str] = ask(url, {"long": PROSE}, headers={"x-toy-user": user}).json()
        return answer["asked_by"]

    assert [asked_by(user) for user in ("eve", "eve", "eve", "dan", "dan", "eve")] == ["eve"] * 3 + ["dan"] * 2 + ["eve"]
    asked = len(Toy.users)
    assert asked_by("eve") == "eve"
    # Kept ready: not even decoded again.
    assert len(Toy.users) == asked


def test_only_its_own_header_carries_the_key(url: str) -> None:
    assert oops(ask(url, {"long": "a"}, key=None)) == ("unauthorized", 401)
    assert oops(ask(url, {"long": "a"}, key="wrong-wrong-wrong-wrong")) == ("unauthorized", 401)
    bearer = httpx2.post(f"{url}{PATH}", json={"long": "a"}, headers={"Authorization": f"Bearer {KEY}"})
    assert oops(bearer) == ("unauthorized", 401)
    native = httpx2.post(f"{url}/v1/compress", json={"text": "a"}, headers={"x-toy-key": KEY})
    assert (native.status_code, native.json()["error"]["code"]) == (401, "unauthorized")


def test_errors_of_every_layer_have_its_shape(url: str) -> None:
    assert oops(ask(url, content="{")) == ("malformed_json", 400)
    assert oops(ask(url, {"long": "a" * 5000})) == ("too_large", 413)
    assert oops(ask(url, {"long": 3})) == ("invalid_value", 422)
    assert oops(ask(url, {"long": PROSE, "keep": 2})) == ("invalid_value", 422)
    assert oops(ask(url, {"long": PROSE, "other": 1})) == ("invalid_value", 422)
    assert oops(ask(url, {"long": f"<keep>{PROSE}</keep>", "keep": 0.1})) == ("budget_infeasible", 422)
    assert oops(httpx2.get(f"{url}{PATH}", headers={"x-toy-key": KEY})) == ("method_not_allowed", 405)
    ask(url, {"long": "a"}, key=LIMITED)
    limited = ask(url, {"long": "a"}, key=LIMITED)
    assert oops(limited) == ("rate_limited", 429)
    assert int(limited.headers["retry-after"]) > 0


def test_other_paths_keep_the_native_shape(url: str) -> None:
    headers = {"x-api-key": KEY}
    assert httpx2.post(f"{url}/v1/compress", json={"text": 3}, headers=headers).json()["error"]["field"] == "text"
    assert httpx2.get(f"{url}/toy/nope", headers=headers).json()["error"]["code"] == "not_found"


def test_the_document_knows_it(url: str) -> None:
    document = httpx2.get(f"{url}/openapi.json").json()
    operation = document["paths"][PATH]["post"]
    assert operation["operationId"] == "toyShorten"
    assert operation["security"] == [{"toyKey": []}]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ToyRequest"}
    assert operation["responses"]["429"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ToyError"
    }
    assert "/toy/v2/shorten" not in document["paths"]
    schemes = document["components"]["securitySchemes"]
    assert schemes["toyKey"] == {"type": "apiKey", "in": "header", "name": "x-toy-key"}
    assert document["paths"]["/v1/compress"]["post"]["security"] == [{name: []} for name in NATIVE.security_schemes]
    assert document["paths"]["/readyz"]["get"]["security"] == []


def test_a_path_belongs_to_one_dialect() -> None:
    class Twin(Toy):
        name = "twin"

    with pytest.raises(ValueError, match="/toy/shorten belongs to toy and to twin"):
        DialectTable((Toy(), Twin()))
    table = DialectTable((NATIVE, Toy()))
    assert table.of("/toy/shorten").name == "toy"
    assert table.of("/anything").name == "native"
