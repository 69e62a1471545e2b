"""Fixtures shared by all tests: one compressor, one running server, sample texts."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import HealthCheck, settings

from promptpress import Compressor, build_compressor

settings.register_profile(
    "default",
    deadline=None,
    max_examples=40,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("default")

PROSE = (
    "Roald Amundsen was a Norwegian explorer. He led the first expedition to reach the South Pole, on 14 December 1911. "
    "He had studied medicine before he went to sea. His ship was called Fram, which means forward.\n\n"
    "The expedition left Oslo in June 1910. Nobody but his brother knew that the goal was not the North Pole. "
    "Scott's party arrived 33 days later. None of them survived the march back.\n\n"
    "Amundsen later flew over the North Pole in an airship. He disappeared in June 1928 while searching for Umberto Nobile."
)


@pytest.fixture(scope="session")
def compressor() -> Compressor:
    return build_compressor()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real server process."""
    with run_server() as url:
        yield url


class run_server:  # noqa: N801 - reads as a call
    """A `promptpress serve` process, ready to answer."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment

    def __enter__(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # A file and not a pipe: nobody would empty a pipe, and a server that cannot log stands still.
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from promptpress_service.cli.main import app; app()", "serve"],
            env={
                **os.environ,
                "PROMPTPRESS_HTTP_PORT": str(port),
                "PROMPTPRESS_GRPC_PORT": "0",
                "PROMPTPRESS_METRICS_PORT": "0",
                # Whether a request is turned away must not depend on how fast this machine is.
                "PROMPTPRESS_MAX_WAIT_MS": "60000",
                **self._environment,
            },
            stderr=self._log,
        )
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            assert self.process.poll() is None, self._output()
            try:
                if httpx2.get(f"{url}/readyz").status_code == 200:
                    return url
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the server did not become ready")

    def _output(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
