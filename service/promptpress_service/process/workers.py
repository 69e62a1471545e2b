"""Several processes behind one port: the parent loads the model, forks, and keeps the workers alive."""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from promptpress.backends.encoder.embedded import available_cores
from promptpress.backends.loader import ModelLoader
from promptpress_service.process.ports import metrics_port
from promptpress_service.process.worker_states import WorkerStates
from promptpress_service.settings.settings import Settings, SettingsError

if TYPE_CHECKING:
    # Metrics are imported once their folder is known.
    from promptpress_service.engine.health import WorkerGroup
    from promptpress_service.observability.metrics_server import MetricsServer

Serve = Callable[[Settings, socket.socket, ModelLoader, "WorkerGroup"], int]
_QUICK_DEATH_SECONDS = 5.0
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def metrics_folder(settings: Settings) -> Iterator[None]:
    """The folder through which workers share their metrics, if there are several; removed afterwards, unless it was given.

    Must come before metrics are imported. Raises SettingsError if there is no folder to write to.
    """
    if settings.workers == 1:
        yield
        return
    given = os.environ.get(METRICS_FOLDER)
    try:
        folder = given or tempfile.mkdtemp(prefix="promptpress-metrics-")
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"1")
    except OSError as error:
        raise _no_folder(given, error) from error
    os.environ[METRICS_FOLDER] = folder
    try:
        yield
    finally:
        if not given:
            shutil.rmtree(folder, ignore_errors=True)


def _no_folder(given: str | None, error: OSError) -> SettingsError:
    where = f"to {given}" if given else "temporary files"
    variable = METRICS_FOLDER if given else "TMPDIR"
    return SettingsError(
        f"PROMPTPRESS_WORKERS: several workers share their metrics through files, and cannot write {where}: "
        f"{error.strerror or error}; set {variable} to a writable folder, or run one worker"
    )


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
        self._states = WorkerStates(settings.workers)
        self._slots: dict[int, int] = {}
        self._started: dict[int, float] = {}
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Load, fork, watch; 0 if all workers ended as they were told to."""
        from promptpress_service.observability.metrics_server import forget_worker

        self._models.encoder()
        self._models.evidence()
        folder = Path(os.environ[METRICS_FOLDER])
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        for _ in range(self._count):
            self._fork()
        metrics = self._serve_metrics(folder)
        while self._started:
            pid, status = os.wait()
            began = self._started.pop(pid, None)
            if began is None:
                continue
            forget_worker(folder, pid)
            self._states.leave(self._slots.pop(pid))
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

    def _serve_metrics(self, folder: Path) -> "MetricsServer | None":
        """After the fork, since its thread would not survive into the workers. Stops them if the port is taken by now."""
        from promptpress_service.observability.metrics_server import serve_folder

        port = metrics_port(self._settings)
        if port is None:
            return None
        try:
            return serve_folder(folder, port.host, port.number)
        except OSError as error:
            sys.stderr.write(f"promptpress: {port.unavailable(error)}\n")
            self._failed = True
            self._stop(signal.SIGTERM, None)
            return None

    def _fork(self) -> None:
        slot = self._states.enter()
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            self._slots[pid] = slot
            return
        code = 1
        try:
            for signum in (signal.SIGTERM, signal.SIGINT):
                signal.signal(signum, signal.SIG_DFL)
            code = self._serve(self._settings, self._listener, self._models, self._states.member(slot))
        except SettingsError as error:
            sys.stderr.write(f"promptpress: {error}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, signum: int, _: FrameType | None) -> None:
        self._stopping = True
        # As long as one process holds it open, connections that no worker takes any more would wait instead of failing.
        self._listener.close()
        for pid in self._started:
            os.kill(pid, signum)
