"""Running the application under uvicorn."""

import asyncio
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from promptpress.backends.loader import ModelLoader
from promptpress_service.observability import logs
from promptpress_service.process.workers import Supervisor
from promptpress_service.settings.settings import Settings
from promptpress_service.wiring import create_app

_CURL = """  curl {url}/v1/compress -H 'Content-Type: application/json' -d '{{
    "query": "When did Amundsen reach the South Pole?", "target_ratio": 0.5,
    "text": "Roald Amundsen studied medicine before he went to sea. He reached the South Pole on 14 December 1911."}}'
"""
_NOT_READY_SECONDS = 0.5
"""Between /readyz turning 503 and the listener closing, so that a balancer can notice."""


def run(settings: Settings) -> int:
    """Serve until interrupted; the exit code of the process."""
    if sys.stderr is None:
        # Some supervisors start services with standard error closed; all that writes there would fail.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    logs.configure(settings.log_level, settings.log_format)
    try:
        listener = _listen(settings.host, settings.http_port)
    except OSError as error:
        return _taken(settings.host, settings.http_port, "HTTP", error)
    _announce(settings, listener)
    if settings.workers > 1:
        return Supervisor(settings, listener, serve).run()
    return serve(settings, listener)


def serve(settings: Settings, listener: socket.socket, models: ModelLoader | None = None) -> int:
    """Serve on a listening socket in this process; its exit code. With `models`, one of several workers."""
    failures: list[str] = []

    def give_up(message: str) -> None:
        failures.append(message)
        sys.stderr.write(f"promptpress: {message}\n")
        server.should_exit = True

    app = create_app(settings, give_up, models=models)
    metrics = None
    if settings.metrics_port >= 0 and models is None:
        host = settings.metrics_host or settings.host
        try:
            metrics = app.state.metrics.serve(host, settings.metrics_port)
        except OSError as error:
            return _taken(host, settings.metrics_port, "METRICS", error)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_seconds)),
    )
    server = _Server(config, app)
    server.run(sockets=[listener])
    if metrics:
        metrics.close()
    return 0 if server.started and not failures else 1


def _announce(settings: Settings, listener: socket.socket) -> None:
    scheme = "https" if settings.tls_certificate else "http"
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    url = f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"
    sys.stderr.write(f"PromptPress on {url} (documentation at {url}/docs). Try:\n\n{_CURL.format(url=url)}\n")


class _Server(uvicorn.Server):
    """Answers what it has accepted before it stops; a second signal stops it at once."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: not ready, and soon no longer listening. Second: quit."""
        engine = self._app.state.engine
        if engine.draining:
            self.force_exit = self.should_exit = True
            return
        engine.draining = True
        if sig == signal.SIGINT:
            self.should_exit = True
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(_NOT_READY_SECONDS, setattr, self, "should_exit", True)


def _taken(host: str, port: int, kind: str, error: OSError) -> int:
    sys.stderr.write(
        f"promptpress: cannot listen on {host}:{port}: {error.strerror or error}; "
        f"set PROMPTPRESS_{kind}_PORT to a free port\n"
    )
    return 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is, and without that every answer on
    # a connection kept alive waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
