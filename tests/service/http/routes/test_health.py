"""Probes over real HTTP."""

import httpx2
import pytest


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes_answer_get_and_head(server: str, path: str) -> None:
    assert httpx2.get(f"{server}{path}").json() == {"status": "ok"}
    head = httpx2.head(f"{server}{path}")
    assert (head.status_code, head.content) == (200, b"")
