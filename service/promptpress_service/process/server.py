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
from promptpress_service.engine.health import WorkerGroup
from promptpress_service.observability import logs
from promptpress_service.process.banner import banner
from promptpress_service.process.ports import PortUnavailable, metrics_port, open_ports
from promptpress_service.process.workers import Supervisor
from promptpress_service.settings.report import naming_variables
from promptpress_service.settings.settings import Settings
from promptpress_service.wiring import create_app

_NOT_READY_SECONDS = 0.5
"""Between /readyz turning 503 and the listener closing, so that a balancer can notice."""


def run(settings: Settings) -> int:
    """Serve until interrupted; the exit code of the process."""
    if sys.stderr is None:
        # Some supervisors start services with standard error closed; all that writes there would fail.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    logs.configure(settings.log_level, settings.log_format)
    try:
        listener = open_ports(settings)
        if settings.workers > 1:
            sys.stderr.write(banner(settings, listener))
            return Supervisor(settings, listener, serve).run()
        return serve(settings, listener)
    except PortUnavailable as error:
        sys.stderr.write(f"promptpress: {error}\n")
        return 1


def serve(
    settings: Settings, listener: socket.socket, models: ModelLoader | None = None, group: WorkerGroup | None = None
) -> int:
    """Serve on a listening socket in this process; its exit code. With `models`, one of several workers, and `group` is
    all of them.

    A process on its own serves its metrics too, and prints the banner. Raises PortUnavailable for the port of the metrics,
    and SettingsError.
    """
    failures: list[str] = []

    def give_up(message: str) -> None:
        failures.append(message)
        sys.stderr.write(f"promptpress: {naming_variables(message, Settings.model_fields)}\n")
        server.should_exit = True

    app = create_app(settings, give_up, models, group=group)
    metrics = None
    if (port := metrics_port(settings)) and models is None:
        try:
            metrics = app.state.metrics.serve(port.host, port.number)
        except OSError as error:
            raise port.unavailable(error) from error
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
    if models is None:
        sys.stderr.write(banner(settings, listener))
    server.run(sockets=[listener])
    if metrics:
        metrics.close()
    return 0 if server.started and not failures else 1


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
