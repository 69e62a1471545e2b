"""`POST /v1/compress/stream` and the rewriter's settings, over real HTTP."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from promptpress_service.settings.settings import SettingsError, load_settings
from tests.compressors.backends.rewriter.scripted_endpoint import Answer, scripted
from tests.compressors.backends.rewriter.test_endpoint import TEXT, shorter
from tests.conftest import PROSE, run_server
from tests.waiting import PATIENCE_SECONDS


def events(url: str, body: dict[str, Any]) -> tuple[int, list[tuple[str, Any]]]:
    response = httpx2.post(f"{url}/v1/compress/stream", content=json.dumps(body), timeout=PATIENCE_SECONDS)
    if not response.headers["content-type"].startswith("text/event-stream"):
        return response.status_code, [("body", response.json())]
    found = []
    for block in response.text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((lines["event"], json.loads(lines["data"])))
    return response.status_code, found


def test_progress_then_the_result(server: str) -> None:
    body = {"text": "\n\n".join([TEXT, PROSE]), "method": "scope", "target_ratio": 0.5}
    status, found = events(server, body)
    assert status == 200
    *steps, (last, result) = found
    assert last == "result"
    assert [name for name, _ in steps] == ["progress"] * len(steps)
    assert [step["done"] for _, step in steps] == list(range(1, len(steps) + 1))
    assert {step["total"] for _, step in steps} == {len(steps)}
    plain = httpx2.post(f"{server}/v1/compress", content=json.dumps(body), timeout=PATIENCE_SECONDS).json()
    assert result["text"] == plain["text"]
    assert result.keys() == plain.keys()


def test_other_methods_and_cached_results_have_the_result_alone(server: str) -> None:
    _, found = events(server, {"text": PROSE, "target_ratio": 0.5})
    assert [name for name, _ in found] == ["result"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": PROSE, "target_ratio": 2}, 422, "invalid_value"),
        ({"text": PROSE, "method": "zip"}, 422, "unknown_method"),
        ({"text": PROSE, "method": "scope", "options": {"no": 1}, "target_ratio": 0.5}, 422, "invalid_value"),
        ({"text": f"<keep>{PROSE}</keep> More.", "method": "scope", "target_tokens": 5}, 422, "budget_infeasible"),
    ],
)
def test_what_fails_has_the_status_it_has_without_a_stream(server: str, body: Any, status: int, code: str) -> None:
    got, found = events(server, body)
    if got == 200:
        # Chunks had been reported already; the error is the last event then.
        assert found[-1][0] == "error"
    else:
        assert got == status
    assert found[-1][1]["error"]["code"] == code


def test_it_is_documented(server: str) -> None:
    paths = httpx2.get(f"{server}/openapi.json").json()["paths"]
    assert "text/event-stream" in paths["/v1/compress/stream"]["post"]["responses"]["200"]["content"]


@pytest.mark.e2e
def test_a_server_with_a_rewriter_and_a_failure_that_is_not_cached() -> None:
    fails = [True]

    def script(asked: dict[str, Any], number: int) -> Answer:
        return Answer(status=500) if fails else shorter(asked, number)

    body = {"text": TEXT, "method": "scope", "target_ratio": 0.7, "options": {"similarity": 0.3}}
    with (
        scripted(script) as endpoint,
        run_server(
            PROMPTPRESS_REWRITER_URL=endpoint.url, PROMPTPRESS_REWRITER_MODEL="m", PROMPTPRESS_REWRITER_RETRIES="0"
        ) as url,
    ):
        first = httpx2.post(f"{url}/v1/compress", content=json.dumps(body), timeout=PATIENCE_SECONDS).json()
        assert first["method_details"]["complete"] is False
        fails.clear()
        second = httpx2.post(f"{url}/v1/compress", content=json.dumps(body), timeout=PATIENCE_SECONDS).json()
        assert second["method_details"]["complete"] is True
        assert second["method_details"]["rewritten"] is True
        assert any(model.startswith("m@127.0.0.1") for model in second["models"])


@pytest.mark.e2e
def test_who_waits_for_the_rewriter_holds_up_nobody_else() -> None:
    asked, gate = threading.Event(), threading.Event()

    def script(request: dict[str, Any], number: int) -> Answer:
        asked.set()
        gate.wait(PATIENCE_SECONDS)
        return shorter(request, number)

    settings = {"URL": "", "MODEL": "m", "RETRIES": "0"}
    with scripted(script) as endpoint, ThreadPoolExecutor() as pool:
        settings["URL"] = endpoint.url
        with run_server(PROMPTPRESS_THREADS="1", **{f"PROMPTPRESS_REWRITER_{k}": v for k, v in settings.items()}) as url:
            body = {"text": TEXT, "method": "scope", "target_ratio": 0.7, "options": {"similarity": 0.3}}
            waiting = pool.submit(httpx2.post, f"{url}/v1/compress", content=json.dumps(body), timeout=PATIENCE_SECONDS)
            try:
                assert asked.wait(PATIENCE_SECONDS)
                other = httpx2.post(
                    f"{url}/v1/compress", content=json.dumps({"text": PROSE, "target_ratio": 0.5}), timeout=PATIENCE_SECONDS
                )
                assert other.status_code == 200
                assert not waiting.done()
            finally:
                gate.set()
            assert waiting.result().status_code == 200


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"REWRITER_URL": "http://a/v1"}, "PROMPTPRESS_REWRITER_MODEL"),
        ({"REWRITER_URL": "ftp://a", "REWRITER_MODEL": "m"}, "PROMPTPRESS_REWRITER_URL"),
        ({"REWRITER_URL": "http://user:pw@a", "REWRITER_MODEL": "m"}, "PROMPTPRESS_REWRITER_URL"),
        ({"REWRITER_KEY": "k"}, "PROMPTPRESS_REWRITER_URL"),
        ({"REWRITER_CONCURRENCY": "0"}, "PROMPTPRESS_REWRITER_CONCURRENCY"),
        ({"REWRITER_TIMEOUT_MS": "x"}, "PROMPTPRESS_REWRITER_TIMEOUT_MS"),
    ],
)
def test_wrong_settings_stop_the_start(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"PROMPTPRESS_{name}", value)
    with pytest.raises(SettingsError, match=named):
        load_settings()


def test_the_key_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from promptpress_service.settings.report import describe

    monkeypatch.setenv("PROMPTPRESS_REWRITER_URL", "http://a/v1")
    monkeypatch.setenv("PROMPTPRESS_REWRITER_MODEL", "m")
    monkeypatch.setenv("PROMPTPRESS_REWRITER_KEY", "sk-very-secret")
    assert "sk-very-secret" not in str(describe(load_settings()))
