"""What must hold when things go wrong under load, with a real server and a real Redis."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from promptpress_service.observability.labels import BREAKER_STATES, FALLBACKS
from tests.conftest import PROSE, run_server
from tests.ports import free_port
from tests.service.redis_server import RedisServer
from tests.waiting import PATIENCE_SECONDS, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CLIENTS = 32
SERVE = "from promptpress_service.cli.main import app; app()"
ENVIRONMENT = {"PROMPTPRESS_CACHE_SECRET": "a secret of the test", "PROMPTPRESS_REDIS_TIMEOUT_MS": "1000"}


@pytest.fixture
def redis(redis_binary: str) -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def body(number: int) -> dict[str, Any]:
    return {
        "text": PROSE.replace("1911", str(1000 + number)),
        "query": "When was the South Pole reached?",
        "target_ratio": 0.4,
    }


def answers(url: str, numbers: list[int]) -> list[httpx2.Response]:
    with httpx2.Client(timeout=PATIENCE_SECONDS) as client, ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda number: client.post(f"{url}/v1/compress", json=body(number)), numbers))


def test_redis_dies_and_comes_back_under_load(redis: RedisServer) -> None:
    with run_server(PROMPTPRESS_REDIS_URL=redis.url, **ENVIRONMENT) as url:
        expected = {n: response.json()["text"] for n, response in enumerate(answers(url, list(range(20))))}
        stop = threading.Event()

        def disturb() -> None:
            redis.kill()
            stop.wait(1)
            redis.start()

        saboteur = threading.Thread(target=disturb)
        saboteur.start()
        numbers = [n % 20 for n in range(600)]
        during = answers(url, numbers)
        stop.set()
        saboteur.join()
        assert {response.status_code for response in during} == {200}
        assert all(response.json()["text"] == expected[n] for n, response in zip(numbers, during, strict=True))
        eventually(lambda: all(each.json()["cache"] == "hit" for each in answers(url, list(range(20)))))


def test_metrics_follow_a_redis_that_dies_and_comes_back(redis: RedisServer) -> None:
    port = str(free_port())
    limited = {"PROMPTPRESS_RATE_LIMIT": "100000/hour", "PROMPTPRESS_METRICS_PORT": port, **ENVIRONMENT}
    with run_server(PROMPTPRESS_REDIS_URL=redis.url, **limited) as url:

        def values() -> dict[str, float]:
            return scraped(f"http://127.0.0.1:{port}/metrics")

        def is_in(state: str) -> bool:
            shown = values()
            states = {each: shown[f'promptpress_redis_breaker_state{{state="{each}"}}'] for each in BREAKER_STATES}
            return states == {each: float(each == state) for each in BREAKER_STATES}

        answers(url, [1, 1])
        before = values()
        assert is_in("closed")
        assert before['promptpress_cache_requests_total{layer="results",result="hit"}'] == 1
        assert [before[f'promptpress_fallbacks_total{{kind="{kind}"}}'] for kind in FALLBACKS] == [0.0] * len(FALLBACKS)
        redis.kill()
        for number in range(2, 200):
            answers(url, [number])
            if is_in("open"):
                break
        else:
            pytest.fail("the breaker was never shown open")
        assert httpx2.post(f"{url}/v1/compress", json={**body(3), "store_original": True}).status_code == 200
        after = values()
        for kind in ("cache", "limits", "originals"):
            assert after[f'promptpress_fallbacks_total{{kind="{kind}"}}'] > 0, kind
        redis.start()
        eventually(lambda: answers(url, [1]) and is_in("closed"), pause=0.05)


def test_metrics_count_deadlines_that_passed() -> None:
    port = str(free_port())
    with run_server(PROMPTPRESS_METRICS_PORT=port) as url:
        text = "\n\n".join(f"{PROSE} Number {i}." for i in range(200))
        sent = {"text": text, "target_ratio": 0.2, "deadline_ms": 1}
        assert httpx2.post(f"{url}/v1/compress", json=sent, timeout=PATIENCE_SECONDS).json()["reason"] == "deadline"
        assert scraped(f"http://127.0.0.1:{port}/metrics")['promptpress_fallbacks_total{kind="deadline"}'] == 1


def test_another_budget_needs_no_second_scoring_but_another_tenant_does() -> None:
    port = str(free_port())
    keys = "ann:plain-key-of-ann-1234,bob:plain-key-of-bob-1234"
    with run_server(PROMPTPRESS_METRICS_PORT=port, PROMPTPRESS_API_KEYS=keys) as url:

        def look_ups(key: str, target: float) -> tuple[float, float]:
            sent = {**body(1), "target_ratio": target}
            assert httpx2.post(f"{url}/v1/compress", json=sent, headers={"x-api-key": key}).status_code == 200
            shown = scraped(f"http://127.0.0.1:{port}/metrics")
            name = 'promptpress_cache_requests_total{{layer="scores",result="{}"}}'
            return shown.get(name.format("hit"), 0) - start[0], shown.get(name.format("miss"), 0) - start[1]

        start = (0.0, 0.0)
        start = look_ups("plain-key-of-ann-1234", 0.5)
        assert look_ups("plain-key-of-ann-1234", 0.3) == (1, 0)
        assert look_ups("plain-key-of-bob-1234", 0.5) == (1, 1)


def scraped(url: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    lines = (line for line in httpx2.get(url).text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def running(url: str) -> float:
    """How many compressions are on threads, of all workers together."""
    return sum(value for name, value in scraped(url).items() if name.startswith("promptpress_running_compressions"))


def test_a_redis_that_hangs_fails_nothing(redis: RedisServer) -> None:
    with run_server(PROMPTPRESS_REDIS_URL=redis.url, **ENVIRONMENT) as url:
        expected = [response.json()["text"] for response in answers(url, list(range(8)))]
        redis.pause()
        try:
            during = answers(url, list(range(8)) * 8)
        finally:
            redis.resume()
        assert [response.json()["text"] for response in during] == expected * 8


def test_equal_requests_at_once_are_computed_once() -> None:
    with run_server() as url:
        responses = answers(url, [1] * 500)
        assert [response.status_code for response in responses].count(200) == 500
        assert sorted(response.json()["cache"] for response in responses).count("miss") == 1
        assert len({response.json()["text"] for response in responses}) == 1


def test_tenants_share_nothing() -> None:
    keys = "ann:plain-key-of-ann-1234,bob:plain-key-of-bob-1234"
    with run_server(PROMPTPRESS_API_KEYS=keys) as url:
        ann = {"Authorization": "Bearer plain-key-of-ann-1234"}
        bob = {"x-api-key": "plain-key-of-bob-1234"}

        def ask(headers: dict[str, str]) -> dict[str, Any]:
            sent = {**body(1), "store_original": True}
            answer: dict[str, Any] = httpx2.post(f"{url}/v1/compress", json=sent, headers=headers).json()
            return answer

        assert httpx2.post(f"{url}/v1/compress", json=body(1)).status_code == 401
        first, again, other = ask(ann), ask(ann), ask(bob)
        assert (first["cache"], again["cache"], other["cache"]) == ("miss", "hit", "miss")
        assert first["text"] == other["text"]
        place = first["originals"][0]["hash"]
        assert place != other["originals"][0]["hash"]
        path = f"{url}/v1/retrieve/{place}"
        assert httpx2.get(path, headers=ann).json()["original_content"] == body(1)["text"]
        assert httpx2.get(path, headers=bob).status_code == 404
        assert httpx2.get(path).status_code == 401


def test_a_rate_limit_is_429_with_a_time() -> None:
    with run_server(PROMPTPRESS_RATE_LIMIT="3/hour") as url:
        responses = [httpx2.post(f"{url}/v1/compress", json=body(n)) for n in range(5)]
        assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
        assert int(responses[-1].headers["retry-after"]) > 0


def test_every_route_but_the_probes_counts_against_the_limit_of_its_tenant() -> None:
    keys = "ann:plain-key-of-ann-1234,bob:plain-key-of-bob-1234"
    ann, bob = {"x-api-key": "plain-key-of-ann-1234"}, {"x-api-key": "plain-key-of-bob-1234"}
    requests: list[tuple[str, str, dict[str, Any] | None, int]] = [
        ("POST", "/v1/compress", body(1), 200),
        ("POST", "/v1/tokenize", {"text": "a"}, 200),
        ("GET", "/v1/methods", None, 200),
        ("GET", "/v1/models", None, 200),
        ("GET", f"/v1/retrieve/{'0' * 24}", None, 404),
        ("POST", "/v1/retrieve", {"hash": "0" * 24}, 404),
    ]
    with run_server(PROMPTPRESS_API_KEYS=keys, PROMPTPRESS_RATE_LIMIT=f"{len(requests)}/hour") as url:
        for verb, path, sent, status in requests:
            assert httpx2.request(verb, url + path, json=sent, headers=ann).status_code == status
        for verb, path, sent, status in requests:
            refused = httpx2.request(verb, url + path, json=sent, headers=ann)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
            assert int(refused.headers["retry-after"]) > 0
            assert httpx2.request(verb, url + path, json=sent, headers=bob).status_code == status
        assert httpx2.get(f"{url}/readyz", headers=ann).status_code == 200


def test_a_full_queue_is_429_and_empties_again() -> None:
    with run_server(PROMPTPRESS_QUEUE_SIZE="2", PROMPTPRESS_CACHE_MB="0") as url:
        codes = [response.status_code for response in answers(url, list(range(200)))]
        assert set(codes) == {200, 429}
        assert answers(url, [1])[0].status_code == 200


def test_sigterm_answers_what_was_accepted() -> None:
    server = run_server(PROMPTPRESS_CACHE_MB="0")
    with server as url:
        accepted: list[int] = []
        refused: list[Exception] = []
        going = threading.Event()

        def client(first: int) -> None:
            with httpx2.Client(timeout=PATIENCE_SECONDS) as connection:
                for number in range(first, first + 1000):
                    try:
                        accepted.append(connection.post(f"{url}/v1/compress", json=body(number)).status_code)
                        going.set()
                    except httpx2.ConnectError:
                        return
                    except httpx2.TransportError as error:
                        refused.append(error)
                        return

        threads = [threading.Thread(target=client, args=(1000 * i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        going.wait(PATIENCE_SECONDS)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_SECONDS) == 0
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        assert set(accepted) == {200}
        # A connection that was idle when the server closed it may only have lost a request that was never read.
        assert all(isinstance(error, (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)) for error in refused)
        assert len(refused) <= len(threads)


def test_a_second_sigterm_quits() -> None:
    server = run_server(PROMPTPRESS_CACHE_MB="0")
    with server as url:
        text = "\n\n".join(f"{PROSE} Line {i}." for i in range(1500))
        slow = threading.Thread(target=lambda: _ignoring_errors(url, text))
        slow.start()
        server.process.send_signal(signal.SIGTERM)
        # Two signals that are pending at once are delivered as one.
        while _is_ready(url):
            time.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_SECONDS) is not None
        slow.join(PATIENCE_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _ignoring_errors(url: str, text: str) -> None:
    try:
        httpx2.post(f"{url}/v1/compress", json={"text": text, "target_ratio": 0.2}, timeout=PATIENCE_SECONDS)
    except httpx2.TransportError:
        return


def test_two_workers_answer_alike() -> None:
    ports = [str(free_port()) for _ in range(2)]
    with run_server(
        PROMPTPRESS_WORKERS="2", PROMPTPRESS_GRPC_PORT=ports[0], PROMPTPRESS_METRICS_PORT=ports[1], PROMPTPRESS_CACHE_MB="0"
    ) as url:
        texts = {response.json()["text"] for response in answers(url, [3] * 64)}
        assert len(texts) == 1
        counted = 'promptpress_requests_total{method="evidence",outcome="compressed",route="/v1/compress"}'
        # The workers count a request when its answer is on its way.
        eventually(lambda: scraped(f"http://127.0.0.1:{ports[1]}/metrics").get(counted) == 64)


def test_workers_that_finish_take_no_new_connection() -> None:
    ports = [str(free_port()) for _ in range(2)]
    server = run_server(PROMPTPRESS_WORKERS="2", PROMPTPRESS_GRPC_PORT=ports[0], PROMPTPRESS_METRICS_PORT=ports[1])
    with server as url:
        text = "\n\n".join(f"{PROSE} Line {i}." for i in range(1500))
        slow = threading.Thread(target=lambda: _ignoring_errors(url, text))
        slow.start()
        eventually(lambda: running(f"http://127.0.0.1:{ports[1]}/metrics") == 1)
        server.process.send_signal(signal.SIGTERM)
        while True:
            try:
                httpx2.get(f"{url}/livez", timeout=1)
            except httpx2.ConnectError:
                break
            except httpx2.TransportError:
                # Taken by nobody, or closed just as it came.
                time.sleep(0.1)
        assert slow.is_alive()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE_SECONDS)
        slow.join(PATIENCE_SECONDS)


def test_a_service_without_standard_error_serves() -> None:
    port = free_port()
    program = f"import os, sys; os.close(2); os.execv(sys.executable, [sys.executable, '-c', {SERVE!r}, 'serve'])"
    environment = {
        **os.environ, "PROMPTPRESS_HTTP_PORT": str(port), "PROMPTPRESS_GRPC_PORT": "0", "PROMPTPRESS_METRICS_PORT": "0"
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
        eventually(lambda: process.poll() is not None or _is_ready(f"http://127.0.0.1:{port}"), pause=0.1)
        assert process.poll() is None
        (answer,) = answers(f"http://127.0.0.1:{port}", [1])
        process.terminate()
    assert answer.status_code == 200
    assert process.returncode == 0
