"""The command that the service prints fits its settings."""

import json
import shlex
import socket
from pathlib import Path

import httpx2
import pytest

from promptpress_service.process.banner import banner
from promptpress_service.settings.settings import Settings
from tests.conftest import run_server


def command_in(text: str) -> list[str]:
    """The arguments of the `curl` command."""
    arguments = shlex.split(text[text.index("  curl ") :])
    assert arguments[0] == "curl"
    return arguments[1:]


def shown(host: str = "127.0.0.1", **fields: object) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        return banner(Settings(**fields), listener)  # type: ignore[arg-type]


@pytest.mark.e2e
def test_the_command_works_as_printed() -> None:
    server = run_server()
    with server as url:
        arguments = command_in(server.output().split("\n{")[0])
        assert arguments[0] == f"{url}/v1/compress"
        assert [arguments[at] for at in (1, 3)] == ["-H", "-d"]
        name, _, value = arguments[2].partition(": ")
        response = httpx2.post(arguments[0], headers={name: value}, content=arguments[4])
    assert response.json()["status"] == "compressed"


def test_a_key_is_asked_for_where_one_is_needed() -> None:
    assert "Authorization: Bearer YOUR_API_KEY" in command_in(shown(api_keys="acme:0123456789abcdef"))
    assert "Authorization" not in shown()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_is_shown_as_one_that_can_be_asked(host: str) -> None:
    assert command_in(shown(host))[0].startswith("http://127.0.0.1:")


def test_tls_is_shown(tmp_path: Path) -> None:
    for name in ("certificate", "key"):
        (tmp_path / name).write_text("")
    arguments = command_in(shown(tls_certificate=tmp_path / "certificate", tls_key=tmp_path / "key"))
    assert arguments[0] == "-k"
    assert arguments[1].startswith("https://127.0.0.1:")
    assert json.loads(arguments[-1])["target_ratio"] == 0.5
