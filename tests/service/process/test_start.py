"""What keeps `promptpress serve` from starting is said in one line, before it claims to listen."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

COMMAND = [sys.executable, "-c", "from promptpress_service.cli.main import app; app(prog_name='promptpress')", "serve"]
ANY_PORTS = {f"PROMPTPRESS_{name}_PORT": "0" for name in ("HTTP", "GRPC", "METRICS")}


def failed_start(
    *flags: str, environment: dict[str, str], before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *flags],
        env={**os.environ, **ANY_PORTS, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        preexec_fn=before,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "PromptPress on" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("promptpress: ")
    assert done.stderr.count("\n") == 1
    return done


@pytest.mark.parametrize("name", ["http", "grpc", "metrics"])
def test_a_port_in_use(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for done in (
            failed_start(environment={f"PROMPTPRESS_{name.upper()}_PORT": port}),
            failed_start("--port" if name == "http" else f"--{name}-port", port, environment={}),
        ):
            assert done.returncode == 1
            assert f"PROMPTPRESS_{name.upper()}_PORT" in done.stderr


@pytest.mark.parametrize("setting", ["ENCODER", "CAUSAL_LM", "CAUSAL_LM_SMALL", "REWRITER_MODEL"])
def test_a_model_path_that_does_not_exist(setting: str, tmp_path: Path) -> None:
    done = failed_start(environment={f"PROMPTPRESS_{setting}": str(tmp_path / "no model")})
    assert done.returncode == 2
    assert f"PROMPTPRESS_{setting}: there is no folder {tmp_path / 'no model'}" in done.stderr


def no_files() -> None:
    """From here on, every attempt to write to a file fails."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_no_folder_for_the_metrics_of_workers(tmp_path: Path) -> None:
    workers = {"PROMPTPRESS_WORKERS": "2", "PROMPTPRESS_GRPC_PORT": "-1", "PROMPTPRESS_METRICS_PORT": "-1"}
    done = failed_start(environment=workers, before=no_files)
    assert "PROMPTPRESS_WORKERS: several workers share their metrics through files" in done.stderr
    assert "TMPDIR" in done.stderr
    done = failed_start(environment={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "none"), **workers})
    assert "set PROMETHEUS_MULTIPROC_DIR to a writable folder" in done.stderr
