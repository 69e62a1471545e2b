"""Prometheus metrics. Names end in their unit; every label takes its values from `labels`."""

import os
import platform
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from promptpress_service.observability import labels
from promptpress_service.observability.labels import Outcome, bounded
from promptpress_service.observability.metrics_server import MetricsServer, serve_registry
from promptpress_service.observability.records import CompressionRecord

# They would double the series and no dashboard reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TOKENS = (16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144)
_RATIOS = (0.01, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 1.0)
# The negative bound shows a result over its target, which must never be.
_RATIO_ERRORS = (-0.001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Metrics:
    """All metrics of one service, in a registry of their own.

    With `PROMETHEUS_MULTIPROC_DIR` set before Python starts, every process writes its values into that folder and
    `metrics_server.serve_folder` shows their sum; the process metrics (memory, CPU) are left out then, because they would
    be those of the process that is asked.
    """

    def __init__(self, version: str = "0", methods: Iterable[str] = (), routes: Iterable[str] = ()) -> None:
        """`methods` and `routes` are allowed as labels besides those that the service has by itself."""
        self.registry = CollectorRegistry()
        self._methods = labels.METHODS | set(methods)
        self._routes = labels.ROUTES | set(routes)
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            ProcessCollector(registry=self.registry)

        self._requests = self._counter("requests", "Requests by how they ended", "route", "method", "outcome")
        self._errors = self._counter("errors", "Errors told to callers, by code", "code")
        self._duration = self._histogram("request_duration_seconds", "From arrival to the last byte", _SECONDS, "route")
        self._queue_wait = self._histogram("queue_wait_seconds", "Wait of a compression for its turn", _SECONDS)
        self._stage = self._histogram("stage_duration_seconds", "Computing, by stage", _SECONDS, "stage")
        self._tokens_in = self._counter("tokens_in", "Tokens received for compression", "method")
        self._tokens_out = self._counter("tokens_out", "Tokens given back", "method")
        self._tokens_saved = self._counter("tokens_saved", "Tokens received less tokens given back", "method")
        self._input_tokens = self._histogram("request_input_tokens", "Tokens of a compression before", _TOKENS)
        self._output_tokens = self._histogram("request_output_tokens", "Tokens of a compression after", _TOKENS)
        self._ratio = self._histogram("achieved_ratio", "Tokens after / tokens before of what was compressed", _RATIOS)
        self._ratio_error = self._histogram(
            "target_error_ratio", "Target ratio less achieved ratio; below zero is over budget", _RATIO_ERRORS
        )
        self._chosen_ratio = self._histogram(
            "selector_ratio", "Tokens after / tokens before where acc_rag stopped, by why it did", _RATIOS, "stopped"
        )
        self._cache = self._counter("cache_requests", "Look-ups, by layer and result", "layer", "result")
        self._skipped = self._counter("skipped", "Inputs given back unchanged, by reason", "reason")
        self._fallbacks = self._counter("fallbacks", "Times the service went on without a part of it", "kind")
        self._in_flight = self._gauge("in_flight_requests", "Requests being answered", "livesum")
        self._queue_depth = self._gauge("queue_depth_requests", "Compressions waiting for their turn", "livesum")
        self._running = self._gauge(
            "running_compressions", "Compressions on a thread, until they stop also those nobody waits for", "livesum"
        )
        self._breaker = self._gauge("redis_breaker_state", "1 for the state the breaker is in", "livesum", "state")
        self._model = self._gauge("model_loaded", "1 where this kind of model is warm", "livemin", "model")
        self._ready = self._gauge("ready", "1 where requests are accepted", "livemin")
        build = self._gauge("build_info", "Always 1; says what runs", "livemax", "version", "python")
        build.labels(version, platform.python_version()).set(1)
        self._zero()

    def _counter(self, name: str, help_text: str, *names: str) -> Counter:
        return Counter(f"promptpress_{name}", help_text, names, registry=self.registry)

    def _histogram(self, name: str, help_text: str, buckets: Iterable[float], *names: str) -> Histogram:
        return Histogram(f"promptpress_{name}", help_text, names, registry=self.registry, buckets=tuple(buckets))

    def _gauge(self, name: str, help_text: str, mode: str, *names: str) -> Gauge:
        # How the values of several processes become one; the type is a Literal of fifteen strings.
        return Gauge(f"promptpress_{name}", help_text, names, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    def _zero(self) -> None:
        # A series that first appears at 1 has no increase; alerts would miss the first event.
        for state in labels.BREAKER_STATES:
            self._breaker.labels(state).set(0)
        for kind in labels.FALLBACKS:
            self._fallbacks.labels(kind)
        for reason in labels.REASONS:
            self._skipped.labels(reason)
        for stage in labels.STAGES:
            self._stage.labels(stage)
        for stopped in labels.STOPS:
            self._chosen_ratio.labels(stopped)

    def route(self, name: str | None) -> str:
        """The route as a label."""
        return bounded(name, self._routes)

    def request_started(self) -> None:
        """A request arrived; `observe_request` must follow."""
        self._in_flight.inc()

    def observe_request(self, route: str | None, method: str | None, outcome: Outcome, seconds: float) -> None:
        """A request ended. `seconds` counts from its arrival."""
        self._in_flight.dec()
        name = self.route(route)
        self._requests.labels(name, bounded(method, self._methods), bounded(outcome, labels.OUTCOMES)).inc()
        self._duration.labels(name).observe(seconds)

    def observe_compression(self, record: CompressionRecord) -> None:
        """A compression was answered, from the cache or not."""
        method = bounded(record.method, self._methods)
        self._tokens_in.labels(method).inc(record.tokens_before)
        self._tokens_out.labels(method).inc(record.tokens_after)
        self._tokens_saved.labels(method).inc(record.tokens_before - record.tokens_after)
        self._input_tokens.observe(record.tokens_before)
        self._output_tokens.observe(record.tokens_after)
        if record.status == "unchanged":
            self._skipped.labels(bounded(record.reason, labels.REASONS)).inc()
        elif record.tokens_before:
            achieved = record.tokens_after / record.tokens_before
            self._ratio.observe(achieved)
            if record.target_ratio is not None:
                # Rounded, or a target that is met exactly would miss its bucket by the error of a float.
                self._ratio_error.observe(round(record.target_ratio - achieved, 6))
        if record.stopped is not None and record.tokens_before:
            self._chosen_ratio.labels(bounded(record.stopped, labels.STOPS)).observe(
                record.tokens_after / record.tokens_before
            )
        if record.computed:
            self._queue_wait.observe(record.queue_ms / 1000)
            for stage in labels.STAGES:
                if stage in record.timing:
                    self._stage.labels(stage).observe(record.timing[stage] / 1000)

    def observe_error(self, code: str) -> None:
        """A caller was told an error."""
        self._errors.labels(bounded(code, labels.ERROR_CODES)).inc()

    def observe_cache(self, layer: str, result: str) -> None:
        """A look-up in the cache: `hit`, `miss`, `off`, or `error` for a value that could not be opened."""
        self._cache.labels(bounded(layer, labels.LAYERS), bounded(result, labels.CACHE_RESULTS)).inc()

    def observe_fallback(self, kind: str) -> None:
        """The service went on without a part of it: once for each time Redis was not asked or did not answer, say."""
        self._fallbacks.labels(bounded(kind, labels.FALLBACKS)).inc()

    def set_queue_depth(self, compressions: int) -> None:
        """Compressions waiting for their turn."""
        self._queue_depth.set(compressions)

    def set_running(self, compressions: int) -> None:
        """Compressions on a thread."""
        self._running.set(compressions)

    def set_breaker(self, state: str) -> None:
        """The breaker before Redis: `closed`, `half_open` or `open`. Raises ValueError for another state."""
        if state not in labels.BREAKER_STATES:
            raise ValueError(f"unknown breaker state; known: {', '.join(labels.BREAKER_STATES)}")
        for each in labels.BREAKER_STATES:
            self._breaker.labels(each).set(each == state)

    def set_model_loaded(self, model: str, loaded: bool = True) -> None:
        """A kind of model (`encoder`, `lm`, ...) is warm, or no longer."""
        self._model.labels(bounded(model, labels.MODELS)).set(loaded)

    def set_ready(self, ready: bool) -> None:
        """Whether `/readyz` is green."""
        self._ready.set(ready)

    def serve(self, host: str, port: int) -> MetricsServer:
        """Answer `/metrics` for this process in a daemon thread. Port 0 takes a free one. Raises OSError."""
        return serve_registry(self.registry, host, port)
