"""Fixtures shared by all tests: one compressor, one running server, sample texts."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import httpx2._config
import pytest
from hypothesis import HealthCheck, settings

from promptpress import Compressor, build_compressor
from tests.waiting import PATIENCE_SECONDS, eventually

settings.register_profile(
    "default",
    deadline=None,
    max_examples=40,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("default")

# Triton reads it when it is first imported, which other tests do before those of the kernels.
if not Path("/dev/nvidia0").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# The default is five seconds, which every request without a timeout of its own shares.
for _step in ("connect", "read", "write", "pool"):
    setattr(httpx2._config.DEFAULT_TIMEOUT_CONFIG, _step, float(PATIENCE_SECONDS))

PROSE = (
    "Roald Amundsen was a Norwegian explorer. He led the first expedition to reach the South Pole, on 14 December 1911. "
    "He had studied medicine before he went to sea. His ship was called Fram, which means forward.\n\n"
    "The expedition left Oslo in June 1910. Nobody but his brother knew that the goal was not the North Pole. "
    "Scott's party arrived 33 days later. None of them survived the march back.\n\n"
    "Amundsen later flew over the North Pole in an airship. He disappeared in June 1928 while searching for Umberto Nobile."
)


_MARK_OF_FIXTURE = {"server": "e2e", "redis_binary": "redis"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use, before they are chosen by their marks."""
    for item in items:
        for fixture, mark in _MARK_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def compressor() -> Compressor:
    return build_compressor()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real server process."""
    with run_server() as url:
        yield url


_BANNER = re.compile(r"^PromptPress on (\S+) ", re.MULTILINE)


class run_server:  # noqa: N801 - reads as a call
    """A `promptpress serve` process, ready to answer."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment

    def __enter__(self) -> str:
        # A file and not a pipe: nobody would empty a pipe, and a server that cannot log stands still.
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from promptpress_service.cli.main import app; app()", "serve"],
            env={
                **os.environ,
                "PROMPTPRESS_HTTP_PORT": "0",
                "PROMPTPRESS_GRPC_PORT": "0",
                "PROMPTPRESS_METRICS_PORT": "0",
                # Whether a request is turned away must not depend on how fast this machine is.
                "PROMPTPRESS_MAX_WAIT_MS": "600000",
                **self._environment,
            },
            stderr=self._log,
        )
        try:
            return self._ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _ready(self) -> str:
        """The URL, once the server answers there."""

        def url() -> str | None:
            assert self.process.poll() is None, self.output()
            try:
                if (found := _BANNER.search(self.output())) and httpx2.get(f"{found[1]}/readyz").status_code == 200:
                    return found[1]
            except httpx2.TransportError:
                pass
            return None

        return eventually(url, pause=0.1)

    def output(self) -> str:
        """What the server wrote to standard error so far."""
        # Reading through the file object would move the place at which the server writes.
        return os.pread(self._log.fileno(), 1 << 20, 0).decode()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
