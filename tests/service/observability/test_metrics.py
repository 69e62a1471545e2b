"""Metrics as a scraper sees them."""

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from promptpress import Compressor
from promptpress.request import CompressionRequest
from promptpress_service.observability import labels
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.metrics_server import forget_worker, serve_folder
from promptpress_service.observability.records import CompressionRecord
from promptpress_service.wiring import create_app
from tests.conftest import PROSE
from tests.service.observability.conftest import compression

ALLOWED: dict[str, dict[str, Collection[str]]] = {
    "promptpress_requests": {"route": labels.ROUTES, "method": labels.METHODS, "outcome": labels.OUTCOMES},
    "promptpress_request_duration_seconds": {"route": labels.ROUTES},
    "promptpress_errors": {"code": labels.ERROR_CODES},
    "promptpress_stage_duration_seconds": {"stage": labels.STAGES},
    "promptpress_tokens_in": {"method": labels.METHODS},
    "promptpress_tokens_out": {"method": labels.METHODS},
    "promptpress_tokens_saved": {"method": labels.METHODS},
    "promptpress_cache_requests": {"layer": labels.LAYERS, "result": labels.CACHE_RESULTS},
    "promptpress_skipped": {"reason": labels.REASONS},
    "promptpress_fallbacks": {"kind": labels.FALLBACKS},
    "promptpress_redis_breaker_state": {"state": labels.BREAKER_STATES},
    "promptpress_model_loaded": {"model": labels.MODELS},
    "promptpress_selector_ratio": {"stopped": labels.STOPS},
}

ANYTHING = st.text() | st.sampled_from(sorted(labels.ROUTES | labels.METHODS | labels.REASONS | labels.LAYERS))
TOKENS = st.integers(0, 10**9)


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING, TOKENS, TOKENS), min_size=1, max_size=20))
def test_labels_stay_within_their_sets(inputs: list[tuple[str, str, str, int, int]]) -> None:
    metrics = Metrics()
    for one, two, three, tokens, saved in inputs:
        metrics.request_started()
        metrics.observe_request(one, two, three, 0.1)  # type: ignore[arg-type]
        before = tokens + saved
        timing = {one: 1.0, "score": 2.0}
        for status in ("compressed", "unchanged"):
            metrics.observe_compression(
                compression(method=one, status=status, reason=two, tokens_before=before, tokens_after=tokens, timing=timing)
            )
        metrics.observe_error(one)
        metrics.observe_cache(one, two)
        metrics.observe_fallback(three)
        metrics.set_model_loaded(one)
    for family in metrics.registry.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                if label != "le" and family.name != "promptpress_build_info":
                    assert value == "other" or value in ALLOWED[family.name][label]


def test_instances_are_apart() -> None:
    first, second = Metrics(), Metrics()
    first.observe_fallback("cache")
    assert first.registry.get_sample_value("promptpress_fallbacks_total", {"kind": "cache"}) == 1
    assert second.registry.get_sample_value("promptpress_fallbacks_total", {"kind": "cache"}) == 0


def test_the_breaker_is_in_one_state() -> None:
    metrics = Metrics()
    for state in ("closed", "open", "half_open"):
        metrics.set_breaker(state)
        shown = {
            s: metrics.registry.get_sample_value("promptpress_redis_breaker_state", {"state": s})
            for s in labels.BREAKER_STATES
        }
        assert shown == {each: float(each == state) for each in labels.BREAKER_STATES}
    with pytest.raises(ValueError, match="half_open"):
        metrics.set_breaker("ajar")


def test_a_cached_result_has_no_stage_times() -> None:
    metrics = Metrics()
    metrics.observe_compression(compression(cache="hit"))
    assert metrics.registry.get_sample_value("promptpress_queue_wait_seconds_count") == 0
    assert metrics.registry.get_sample_value("promptpress_tokens_saved_total", {"method": "hybrid"}) == 760


def test_a_record_of_a_real_result(compressor: Compressor) -> None:
    request = CompressionRequest(text=PROSE, target_tokens=50, method="bm25", query="Which ship?", model="gpt-4o")
    result = compressor.compress(request)
    record = CompressionRecord.of(result, request, 1.5, "miss")
    assert record.target_ratio == 50 / result.usage.tokens_before
    assert record.timing.keys() == set(labels.STAGES)
    assert (record.method, record.queue_ms, record.model) == ("bm25", 1.5, "gpt-4o")


def test_ratios_chosen_by_the_selector_are_counted_by_why_it_stopped(compressor: Compressor) -> None:
    request = CompressionRequest(text=PROSE, method="acc_rag", query="Which ship did Amundsen use?")
    metrics = Metrics()
    metrics.observe_compression(CompressionRecord.of(compressor.compress(request), request))
    unsure = request.model_copy(update={"options": {"confidence": 0.99999}})
    metrics.observe_compression(CompressionRecord.of(compressor.compress(unsure), unsure))
    metrics.observe_compression(compression())

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"promptpress_selector_ratio_{name}", labels)

    enough = ("sufficient", "little_gain")
    assert sum(value("count", stopped=stopped) or 0 for stopped in enough) == 1
    assert [value("count", stopped=stopped) for stopped in ("unsure", "budget")] == [1, 0]
    assert value("bucket", stopped="unsure", le="0.95") == 0
    assert 0 < sum(value("sum", stopped=stopped) or 0 for stopped in enough) < 0.9


def test_every_route_of_the_service_is_known() -> None:
    assert create_app().openapi()["paths"].keys() <= labels.ROUTES


def test_scraping() -> None:
    metrics = Metrics(version="1.2.3")
    server = metrics.serve("127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}/metrics"
    plain = httpx2.get(url)
    assert plain.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(plain.text)}
    assert {"promptpress_build_info", "promptpress_ready", "process_resident_memory_bytes"} <= names
    assert not any(name.endswith("_created") for name in names)
    openmetrics = httpx2.get(url, headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")
    server.close()
    with pytest.raises(httpx2.TransportError):
        httpx2.get(url)


WORKER = """
from promptpress_service.observability.metrics import Metrics
metrics = Metrics(version="1.2.3")
metrics.observe_fallback("cache")
metrics.set_queue_depth(3)
metrics.set_ready(True)
import os, sys
print(os.getpid(), flush=True)
sys.stdin.read()
"""


def test_workers_are_added_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    pids = [int(worker.stdout.readline()) for worker in workers]  # type: ignore[union-attr]
    server = serve_folder(tmp_path, "127.0.0.1", 0)

    def scrape() -> str:
        return httpx2.get(f"http://127.0.0.1:{server.port}/metrics").text

    shown = scrape()
    assert 'promptpress_fallbacks_total{kind="cache"} 2.0' in shown
    assert "promptpress_queue_depth_requests 6.0" in shown
    assert "promptpress_ready 1.0" in shown
    for worker in workers:
        worker.communicate()
    forget_worker(tmp_path, pids[0])
    shown = scrape()
    assert 'promptpress_fallbacks_total{kind="cache"} 2.0' in shown
    assert "promptpress_queue_depth_requests 3.0" in shown
    server.close()
