"""The processes that are measured: the service as a user starts it, and the bare route it is compared with."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from types import TracebackType
from typing import Self

import psutil

_READY_SECONDS = 120


class Server:
    """A process that listens on `port`; a context that is entered when it answers `ready_path`."""

    def __init__(self, command: list[str], port: int, ready_path: str, environment: dict[str, str] | None = None) -> None:
        self.port = port
        self._command = command
        self._url = f"http://127.0.0.1:{port}{ready_path}"
        self._environment = {**os.environ, **(environment or {})}

    def __enter__(self) -> Self:
        """Start it. Raises RuntimeError with what it said when it does not get ready."""
        # A file and not a pipe: nobody would empty a pipe, and a server that cannot log stands still.
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(self._command, env=self._environment, stderr=self._log)
        self.usage = psutil.Process(self._process.pid)
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self._url, timeout=5):
                    return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self._process.kill()
        self._log.seek(0)
        raise RuntimeError(f"a server did not start:\n{self._log.read().decode()[-2000:]}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def memory_mb(self) -> float:
        """Resident memory."""
        rss: int = self.usage.memory_info().rss
        return rss / 2**20


class Service(Server):
    """`promptpress serve` on free ports, else with its defaults and `settings` (environment variables)."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        http, self.grpc_port, self.metrics_port = _free_ports(3)
        ports = {"HTTP": http, "GRPC": self.grpc_port, "METRICS": self.metrics_port}
        inherited = {name: "" for name in os.environ if name.startswith("PROMPTPRESS_")}
        environment = inherited | {f"PROMPTPRESS_{name}_PORT": str(port) for name, port in ports.items()} | (settings or {})
        command = [sys.executable, "-c", "from promptpress_service.cli.main import app; app()", "serve"]
        super().__init__(command, http, "/readyz", environment)

    def metric(self, name: str) -> float:
        """The sum of a metric's samples, as Prometheus would read it. Raises KeyError."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        values = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", page, re.MULTILINE)
        if not values:
            raise KeyError(name)
        return sum(float(value) for value in values)


class Baseline(Server):
    """A FastAPI route under uvicorn that reads the body and answers bytes it was given."""

    def __init__(self, answer: bytes) -> None:
        (port,) = _free_ports(1)
        environment = {"BASELINE_ANSWER": answer.decode()}
        super().__init__([sys.executable, "-m", "benchmarks.load.baseline", str(port)], port, "/ready", environment)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
