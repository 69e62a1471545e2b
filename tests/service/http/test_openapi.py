"""The OpenAPI document holds for whatever is sent: requests made from its schemas, right and wrong, on a real server.

Which operations there are comes from the document itself, so a new route is tested without a line here.
"""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from promptpress_service.settings.settings import Settings
from promptpress_service.wiring import create_app
from tests.conftest import PROSE, run_server
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

EXAMPLES = 40
CHECKS: list[Callable[..., bool | None]] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = create_app().openapi()
OPERATIONS = [(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs]
WITH_INPUT = [
    (path, verb) for path, verb in OPERATIONS if {"requestBody", "parameters"} & DOCUMENT["paths"][path][verb].keys()
]
INPUTS = ("text", "texts", "documents", "messages")
bounded = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def api(server: str) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{server}/openapi.json")


def answers(cases: Any, checks: list[Callable[..., bool | None]], change: Callable[[Any], Any] | None = None) -> set[int]:
    """The status codes of the answers to generated requests, each of which was checked."""
    seen: set[int] = set()

    @bounded
    @given(cases)
    def ask(case: "Case[Any]") -> None:
        if change:
            case.body = change(case.body)
        response = case.call(timeout=PATIENCE_SECONDS)
        seen.add(response.status_code)
        case.validate_response(response, checks=checks)

    ask()
    return seen


@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_what_the_document_allows(api: BaseSchema, path: str, verb: str) -> None:
    assert answers(api[path][verb.upper()].as_strategy(generation_mode=GenerationMode.POSITIVE), CHECKS)


@pytest.mark.parametrize(("path", "verb"), WITH_INPUT)
def test_what_the_document_does_not_allow(api: BaseSchema, path: str, verb: str) -> None:
    cases = api[path][verb.upper()].as_strategy(generation_mode=GenerationMode.NEGATIVE)
    # A batch answers 200 and refuses its items one by one.
    rejected = [] if path == "/v1/compress/batch" else [negative_data_rejection]
    assert answers(cases, [*CHECKS, *rejected])


@pytest.mark.parametrize("kept", INPUTS)
def test_requests_that_get_past_the_checks_of_values(api: BaseSchema, kept: str) -> None:
    """JSON Schema does not say "exactly one of"; with that put right, generated requests reach the methods."""

    def repaired(body: dict[str, Any]) -> dict[str, Any]:
        plausible = {name: value for name, value in body.items() if name not in (*INPUTS, "target_tokens", "tokenizer")}
        plain = {"text": PROSE, "texts": [PROSE], "documents": [{"text": PROSE}], "messages": []}[kept]
        plausible |= {kept: body.get(kept) or plain, "method": "auto", "options": {}, "protect_patterns": []}
        return plausible

    cases = api["/v1/compress"]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE)
    assert 200 in answers(cases, CHECKS, repaired)


@pytest.mark.e2e
def test_a_key_that_is_missing_is_documented() -> None:
    with run_server(PROMPTPRESS_API_KEYS="ann:plain-key-of-ann-1234", PROMPTPRESS_PUBLIC_DOCS="1") as url:
        guarded = schemathesis.openapi.from_url(f"{url}/openapi.json")
        for path, verb in OPERATIONS:
            cases = guarded[path][verb.upper()].as_strategy(generation_mode=GenerationMode.POSITIVE)
            open_to_all = "health" in DOCUMENT["paths"][path][verb]["tags"]
            assert answers(cases, CHECKS) == {200 if open_to_all else 401}


def test_operation_ids_are_words_and_unique() -> None:
    ids = [operation["operationId"] for verbs in DOCUMENT["paths"].values() for operation in verbs.values()]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)
    assert {"compress", "compressBatch", "compressStream", "retrieveOriginal", "listMethods"} <= set(ids)
    assert all(name.isalpha() for name in ids)


def test_security_schemes_are_declared_where_keys_are_needed() -> None:
    assert "securitySchemes" not in DOCUMENT["components"]
    guarded = create_app(Settings(api_keys="ann:plain-key-of-ann-1234")).openapi()
    assert guarded["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, verb in OPERATIONS:
        operation = guarded["paths"][path][verb]
        named = {name for each in operation["security"] for name in each}
        assert named <= guarded["components"]["securitySchemes"].keys()
        assert bool(named) == ("health" not in operation["tags"])
