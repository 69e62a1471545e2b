"""The short way of cached answers says what the long way says."""

from typing import Any

import httpx2
import pytest

from tests.conftest import PROSE, run_server

BODY: dict[str, Any] = {"text": PROSE, "query": "When did Amundsen reach the South Pole?", "target_ratio": 0.5}


def answers(url: str, body: dict[str, Any], times: int = 3, key: str | None = None) -> list[dict[str, Any]]:
    """Answers less what is a request's own."""
    headers = {"x-api-key": key} if key else {}
    found = []
    for _ in range(times):
        response = httpx2.post(f"{url}/v1/compress", json=body, headers=headers)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert float(response.headers["x-promptpress-total-ms"]) >= 0
        found.append(response.json())
    assert len({each.pop("id") for each in found}) == times
    assert all(each.pop("timing_ms")["total"] >= 0 for each in found)
    return found


def test_repeated_requests_get_the_same_answer_under_their_own_ids(server: str) -> None:
    marks = BODY | {
        "text": PROSE + ' The note read "total":7, "id":"cmp_0" and nothing else.',
        "include": ["spans", "scores"],
    }
    for body in (BODY, marks, {"messages": [{"role": "user", "content": PROSE}], "target_ratio": 0.5}):
        first, *others = answers(server, body)
        assert first.pop("cache") == "miss"
        assert [each.pop("cache") for each in others] == ["hit", "hit"]
        assert first == others[0] == others[1]


def test_originals_are_kept_for_repeated_requests_too(server: str) -> None:
    plain, *_ = answers(server, BODY | {"target_ratio": 0.4})
    assert "originals" not in plain
    for each in answers(server, BODY | {"target_ratio": 0.4, "store_original": True}):
        assert each["cache"] == "hit"
        assert httpx2.get(f"{server}/v1/retrieve/{each['originals'][0]['hash']}").json()["original_content"] == PROSE


@pytest.mark.e2e
def test_tenants_and_limits_hold_for_repeated_requests() -> None:
    with run_server(
        PROMPTPRESS_API_KEYS="ann:key-of-ann-and-nobody-else,bob:key-of-bob-and-nobody-else",
        PROMPTPRESS_RATE_LIMIT="3/minute",
    ) as url:
        assert [each["cache"] for each in answers(url, BODY, key="key-of-ann-and-nobody-else")] == [
            "miss",
            "hit",
            "hit",
        ]
        assert answers(url, BODY, 1, key="key-of-bob-and-nobody-else")[0]["cache"] == "miss"
        refused = httpx2.post(f"{url}/v1/compress", json=BODY, headers={"x-api-key": "key-of-ann-and-nobody-else"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
        assert httpx2.post(f"{url}/v1/compress", json=BODY).status_code == 401


def test_a_batch_is_not_refused_for_its_own_length(server: str) -> None:
    requests = [{"text": PROSE * 4 + f" Number {n}.", "target_ratio": 0.5} for n in range(30)]
    results = httpx2.post(f"{server}/v1/compress/batch", json={"requests": requests}, timeout=120).json()["results"]
    assert ["result" in each for each in results] == [True] * 30
