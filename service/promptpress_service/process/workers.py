"""Several processes behind one port: the parent loads the model, forks, and keeps the workers alive."""

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from promptpress.backends.encoder.embedded import available_cores
from promptpress.backends.loader import ModelLoader
from promptpress_service.settings.settings import Settings

Serve = Callable[[Settings, socket.socket, ModelLoader], int]
_QUICK_DEATH_SECONDS = 5.0
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def prepare(settings: Settings) -> None:
    """Make the folder through which workers share their metrics; must come before metrics are imported."""
    if settings.workers > 1 and METRICS_FOLDER not in os.environ:
        os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="promptpress-metrics-")


def per_worker(settings: Settings) -> Settings:
    """The settings of one worker: its share of the threads."""
    threads = max(1, (settings.threads or available_cores()) // settings.workers)
    return settings.model_copy(update={"threads": threads})


class Supervisor:
    """Runs `settings.workers` forked processes on one listening socket until told to stop.

    The models are loaded before the fork, so its weights are shared copy-on-write. A worker that dies is replaced, unless
    it dies within seconds of its start: then all stop, since the next one would too.
    """

    def __init__(self, settings: Settings, listener: socket.socket, serve: Serve) -> None:
        self._settings = per_worker(settings)
        self._count = settings.workers
        self._listener = listener
        self._serve = serve
        self._models = ModelLoader(settings.encoder, self._settings.threads, settings.rewriter, settings.lm)
        self._started: dict[int, float] = {}
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Load, fork, watch; 0 if all workers ended as they were told to."""
        from promptpress_service.observability.metrics_server import forget_worker, serve_folder

        self._models.encoder()
        self._models.evidence()
        folder = Path(os.environ[METRICS_FOLDER])
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        for _ in range(self._count):
            self._fork()
        # After the fork: its thread would not survive into the workers.
        host = self._settings.metrics_host or self._settings.host
        metrics = serve_folder(folder, host, self._settings.metrics_port) if self._settings.metrics_port >= 0 else None
        while self._started:
            pid, status = os.wait()
            began = self._started.pop(pid, None)
            if began is None:
                continue
            forget_worker(folder, pid)
            code = os.waitstatus_to_exitcode(status)
            if self._stopping:
                self._failed |= code != 0
            elif time.monotonic() - began < _QUICK_DEATH_SECONDS:
                self._failed = True
                self._stop(signal.SIGTERM, None)
            else:
                sys.stderr.write(f"promptpress: worker {pid} ended with {code}; starting another\n")
                self._fork()
        if metrics:
            metrics.close()
        return int(self._failed)

    def _fork(self) -> None:
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            return
        code = 1
        try:
            for signum in (signal.SIGTERM, signal.SIGINT):
                signal.signal(signum, signal.SIG_DFL)
            code = self._serve(self._settings, self._listener, self._models)
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, signum: int, _: FrameType | None) -> None:
        self._stopping = True
        # As long as one process holds it open, connections that no worker takes any more would wait instead of failing.
        self._listener.close()
        for pid in self._started:
            os.kill(pid, signum)
