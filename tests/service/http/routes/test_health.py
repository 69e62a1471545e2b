"""Probes over real HTTP."""

import os
import signal
import time

import httpx2
import pytest

from tests.conftest import run_server
from tests.waiting import eventually


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes_answer_get_and_head(server: str, path: str) -> None:
    assert httpx2.get(f"{server}{path}").json() == {"status": "ok"}
    head = httpx2.head(f"{server}{path}")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.e2e
def test_every_worker_tells_how_all_of_them_are() -> None:
    with run_server(PROMPTPRESS_WORKERS="2", PROMPTPRESS_GRPC_PORT="-1", PROMPTPRESS_METRICS_PORT="-1") as url:
        found = httpx2.get(f"{url}/readyz").json()
        assert found["status"] == "ok"
        assert [(each["worker"], each["status"]) for each in found["workers"]] == [(0, "ready"), (1, "ready")]
        pids = {each["pid"] for each in found["workers"]}
        assert len(pids) == 2
        # One that dies within seconds of its start would stop all.
        time.sleep(6)
        # A worker that dies is seen by the other, until another is in its place.
        os.kill(found["workers"][0]["pid"], signal.SIGKILL)

        def replaced() -> bool:
            try:
                now = httpx2.get(f"{url}/readyz").json()["workers"]
            except httpx2.TransportError:
                return False
            return now[0]["status"] == "ready" and now[0]["pid"] not in pids and now[1]["pid"] in pids

        eventually(replaced)
