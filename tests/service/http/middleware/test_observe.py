"""The middleware over real HTTP."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from tests.service.observability.conftest import Lines, Watched
from tests.waiting import PATIENCE_SECONDS, eventually


def test_an_id_is_taken_over_and_given_back(watched: Watched) -> None:
    response = httpx2.post(f"{watched.url}/v1/compress", headers={"x-request-id": "abc-1.2_3"})
    assert response.headers["x-request-id"] == response.json()["id"] == "abc-1.2_3"


@pytest.mark.parametrize("given", ["a" * 129, "with space", 'quo"te', "", "a/b", "über"])
def test_an_odd_id_is_replaced(watched: Watched, given: str) -> None:
    response = httpx2.post(f"{watched.url}/v1/compress", headers=[(b"x-request-id", given.encode())])
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 32


def test_timing_headers_come_with_compressions_only(watched: Watched) -> None:
    headers = httpx2.post(f"{watched.url}/v1/compress").headers
    assert headers["x-promptpress-queue-ms"] == "2.000"
    assert headers["x-promptpress-score-ms"] == "30.000"
    assert float(headers["x-promptpress-total-ms"]) >= 0
    assert "x-promptpress-total-ms" not in httpx2.get(f"{watched.url}/livez").headers


def test_one_line_for_each_request(watched: Watched, lines: Lines) -> None:
    httpx2.post(f"{watched.url}/v1/compress", headers={"x-request-id": "one"})
    (line,) = lines.requests()
    assert line.pop("duration_ms") >= 0
    assert line.pop("time").endswith("Z")
    assert len(line.pop("trace_id")) == 32
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "promptpress_service.access",
        "request_id": "one",
        "transport": "http",
        "verb": "POST",
        "route": "/v1/compress",
        "status": 200,
        "outcome": "compressed",
        "method": "hybrid",
        "tokens_before": 1000,
        "tokens_after": 240,
        "cache": "miss",
        "queue_ms": 2.0,
        "tenant": "acme",
    }
    httpx2.get(f"{watched.url}/livez")
    probe = lines.requests(2)[1]
    assert (probe["level"], probe["outcome"], probe["request_id"] == "one") == ("debug", "ok", False)


@pytest.mark.parametrize(
    ("verb", "path", "status", "route", "method", "outcome"),
    [
        ("POST", "/v1/compress", 200, "/v1/compress", "hybrid", "compressed"),
        ("POST", "/v1/compress/batch", 200, "/v1/compress/batch", "several", "compressed"),
        ("GET", "/v1/retrieve/0a1b2c", 200, "/v1/retrieve/{hash}", "none", "ok"),
        ("GET", "/docs", 200, "/docs", "none", "ok"),
        ("GET", "/v1/compress", 405, "/v1/compress", "none", "client_error"),
        ("GET", "/some/where", 404, "other", "none", "client_error"),
        ("GET", "/v1/models", 503, "/v1/models", "none", "unavailable"),
        ("POST", "/v1/tokenize", 500, "/v1/tokenize", "none", "error"),
    ],
)
def test_requests_are_counted_by_how_they_ended(
    watched: Watched, verb: str, path: str, status: int, route: str, method: str, outcome: str
) -> None:
    assert httpx2.request(verb, f"{watched.url}{path}", timeout=PATIENCE_SECONDS).status_code == status
    eventually(lambda: watched.value("requests_total", route=route, method=method, outcome=outcome) == 1)
    assert watched.value("request_duration_seconds_count", route=route) == 1
    assert watched.value("in_flight_requests") == 0


def test_a_compression_is_counted_once(watched: Watched) -> None:
    httpx2.post(f"{watched.url}/v1/compress")
    eventually(lambda: watched.value("request_duration_seconds_count", route="/v1/compress"))
    assert watched.value("tokens_in_total", method="hybrid") == 1000
    assert watched.value("tokens_saved_total", method="hybrid") == 760
    assert watched.value("queue_wait_seconds_sum") == 0.002
    assert watched.value("stage_duration_seconds_sum", stage="score") == 0.03
    assert watched.value("target_error_ratio_bucket", le="0.01") == 1
    assert watched.value("target_error_ratio_bucket", le="0.0025") == 0


def test_an_unexpected_error_is_answered_in_the_shape_of_all_errors(watched: Watched) -> None:
    response = httpx2.post(
        f"{watched.url}/v1/tokenize", content="secret words", headers={"x-request-id": "bad-1"}, timeout=PATIENCE_SECONDS
    )
    assert response.json() == {
        "error": {
            "code": "internal",
            "message": "an error of the service; its log has more under request id bad-1",
        }
    }
    assert response.headers["x-request-id"] == "bad-1"
    eventually(lambda: watched.value("errors_total", code="internal") == 1)


def test_bodies_pass_through_as_they_come(watched: Watched) -> None:
    """Each side sends its second part only when the other has the first, so holding one back would stop both."""
    host, port = watched.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(
            b"POST /v1/compress/stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
        )
        assert watched.signals.received.wait(PATIENCE_SECONDS)
        connection.sendall(b"0\r\n\r\n")
        received = b""
        while b"first" not in received:
            received += connection.recv(4096)
        watched.signals.seen.set()
        while b"second" not in received:
            received += connection.recv(4096)


def test_a_client_that_leaves_is_recorded_once(watched: Watched, lines: Lines) -> None:
    host, port = watched.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /redoc-wait HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: watched.value("in_flight_requests") == 1)
    assert watched.signals.left.wait(PATIENCE_SECONDS)
    (line,) = lines.requests()
    assert (line["status"], line["outcome"]) == (499, "cancelled")
    assert watched.value("requests_total", route="other", method="none", outcome="cancelled") == 1
    assert watched.value("in_flight_requests") == 0


def test_a_client_that_leaves_while_it_sends_is_no_error(watched: Watched, lines: Lines) -> None:
    host, port = watched.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /v1/compress HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        eventually(lambda: watched.value("in_flight_requests") == 1)
    (line,) = lines.requests()
    assert (line["status"], line["outcome"]) == (499, "cancelled")
    assert '"level":"error"' not in lines.text


SECRET = "the-launch-code-is-swordfish"


def secret_bodies() -> Iterator[bytes]:
    yield SECRET.encode()


def test_what_a_caller_sends_is_nowhere(watched: Watched, lines: Lines) -> None:
    headers = {
        "x-request-id": f"{SECRET} and more",
        "authorization": f"Bearer {SECRET}",
        "user-agent": SECRET,
        "traceparent": f"00-{SECRET}-01",
        "tracestate": f"a={SECRET}",
        "baggage": f"a={SECRET}",
    }
    paths = (
        "/v1/compress",
        "/v1/compress/batch",
        "/v1/tokenize",
        f"/{SECRET}",
        f"/v1/retrieve/{SECRET}",
        "/v1/compress/stream",
    )
    watched.signals.seen.set()
    for path in paths:
        httpx2.post(f"{watched.url}{path}", params={"q": SECRET}, content=secret_bodies(), headers=headers)
    httpx2.request(SECRET.upper(), f"{watched.url}/v1/compress", headers=headers)
    assert len(lines.requests(len(paths) + 1)) == len(paths) + 1
    assert "ValueError at" in lines.text
    spans = "".join(span.to_json() for span in watched.spans.get_finished_spans())
    assert '"POST /v1/compress"' in spans
    for seen in (lines.text, watched.scrape(), spans):
        assert SECRET not in seen
        assert SECRET.upper() not in seen
