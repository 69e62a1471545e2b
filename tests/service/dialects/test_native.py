"""The native format: its keys, its errors, and answers that are kept ready."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.datastructures import Headers

from promptpress import compress
from promptpress.errors import BudgetInfeasible
from promptpress_service.dialects.errors import report_of
from promptpress_service.dialects.native import NATIVE, response_of
from promptpress_service.engine.outcome import Outcome, StoredOriginal
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.failures import Overloaded
from promptpress_service.tenancy.api_keys import KeyRing, Unauthorized
from promptpress_service.tenancy.caller import Caller
from tests.conftest import PROSE


@given(st.text(max_size=60))
def test_any_header_is_a_known_key_or_unauthorized(value: str) -> None:
    ring = KeyRing("acme:0123456789abcdef")
    for name in ("authorization", "x-api-key", "x-headroom-proxy-token"):
        with pytest.raises(Unauthorized):
            ring.authenticate(NATIVE.credentials({name: value}))


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer 0123456789abcdef"},
        {"authorization": "bearer  0123456789abcdef "},
        {"X-Api-Key": "0123456789abcdef"},
        {"X-Headroom-Proxy-Token": "0123456789abcdef"},
        {"Authorization": "Bearer sk-key-of-the-llm", "X-Headroom-Proxy-Token": "0123456789abcdef"},
        {"Authorization": "Basic 0123456789abcdef", "X-Api-Key": "0123456789abcdef"},
    ],
)
def test_headers_that_carry_a_key(headers: dict[str, str]) -> None:
    assert KeyRing("acme:0123456789abcdef").authenticate(NATIVE.credentials(Headers(headers))) == Caller("acme")


def test_errors_have_one_shape() -> None:
    overloaded = NATIVE.encode_error(report_of(Overloaded(1.2)))
    assert (overloaded.status, overloaded.headers) == (429, {"Retry-After": "2"})
    assert json.loads(overloaded.body)["error"].keys() == {"code", "message"}
    with pytest.raises(ValidationError) as wrong:
        ServiceRequest.model_validate({"text": "a", "target_ratio": 2, "surprise": 1})
    error = json.loads(NATIVE.encode_error(report_of(wrong.value)).body)["error"]
    assert (error["code"], error["field"]) == ("invalid_value", "target_ratio")
    assert error["details"]["also"][0]["field"] == "surprise"
    with pytest.raises(BudgetInfeasible) as tight:
        compress(f"<keep>{PROSE}</keep>", target_tokens=5)
    assert json.loads(NATIVE.encode_error(report_of(tight.value)).body)["error"]["details"]["smallest_target_tokens"] > 5


def test_an_error_that_nobody_expected_is_internal_and_keeps_its_message() -> None:
    report = report_of(RuntimeError("secret-prompt-text"))
    assert (report.status, report.code) == (500, "internal")
    assert "secret" not in report.message


def test_a_repeated_answer_differs_in_its_id_and_time_alone() -> None:
    body = {"text": PROSE + ' It read "total":7, "id":"cmp_0".', "target_ratio": 0.5, "method": "truncate"}
    answer = response_of(Outcome(compress(**body), 0.0, "hit"))  # type: ignore[arg-type]
    repeated = NATIVE.repeated(answer, NATIVE.dump(answer))
    once, twice = (json.loads(repeated.fill(total)) for total in (1.5, 2.25))
    assert once.pop("id") != twice.pop("id")
    assert (once["timing_ms"].pop("total"), twice["timing_ms"].pop("total")) == (1.5, 2.25)
    assert once == twice
    assert once["text"] == answer.text


def test_headrooms_fields_come_with_messages_only() -> None:
    messages = [{"role": "tool", "tool_call_id": "c", "content": PROSE}]
    outcome = Outcome(compress(messages=messages, target_ratio=0.5), 0.0, "miss", [StoredOriginal(0, "ab" * 12)])
    fields = json.loads(NATIVE.dump(response_of(outcome)))
    assert fields["tokens_before"] - fields["tokens_after"] == fields["tokens_saved"] > 0
    assert fields["compression_ratio"] == fields["usage"]["ratio"]
    assert fields["transforms_applied"] == [f"promptpress:{fields['method']}"]
    assert fields["ccr_hashes"] == ["ab" * 12]
    plain = json.loads(NATIVE.dump(response_of(Outcome(compress(PROSE, target_ratio=0.5), 0.0))))
    assert not {"tokens_before", "ccr_hashes", "transforms_applied"} & plain.keys()
