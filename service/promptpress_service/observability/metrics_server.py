"""`/metrics` on a port of its own, so that a network policy can keep it apart from the callers' port."""

import threading
from dataclasses import dataclass
from pathlib import Path
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead


@dataclass(frozen=True)
class MetricsServer:
    """A running server. It speaks the Prometheus text format and, to who asks for it, OpenMetrics."""

    _server: WSGIServer
    _thread: threading.Thread

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_registry(registry: CollectorRegistry, host: str, port: int) -> MetricsServer:
    """Serve one registry in a daemon thread. Port 0 takes a free one. Raises OSError."""
    return MetricsServer(*start_http_server(port, host, registry))


def serve_folder(folder: Path, host: str, port: int) -> MetricsServer:
    """Serve the sum over the workers that write into `PROMETHEUS_MULTIPROC_DIR`.

    For the process that starts the workers: it makes the folder, empty, and sets the variable before it imports
    `promptpress_service.observability.metrics` and before it starts them; one `Metrics` in each worker does the rest.
    Raises ValueError when the folder does not exist, OSError when the port is taken.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return serve_registry(registry, host, port)


def forget_worker(folder: Path, pid: int) -> None:
    """Take a worker that ended out of the gauges; what it counted stays."""
    mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
