"""All ports are tried before the service says where it listens."""

import socket
from typing import Any

import pytest

from promptpress_service.process.ports import PortUnavailable, open_ports
from promptpress_service.settings.settings import Settings

ANY: dict[str, Any] = {"http_port": 0, "grpc_port": 0, "metrics_port": 0}
FLAGS = {"http_port": "--port", "grpc_port": "--grpc-port", "metrics_port": "--metrics-port"}


@pytest.mark.parametrize("setting", FLAGS)
def test_a_port_in_use_is_named_by_its_setting_and_its_flag(setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortUnavailable) as error:
            open_ports(Settings(**{**ANY, setting: port}))
    message = str(error.value)
    assert f"127.0.0.1:{port}" in message
    assert f"set PROMPTPRESS_{setting.upper()} or {FLAGS[setting]} to a free port" in message


def test_two_of_its_own_ports_must_differ() -> None:
    with open_ports(Settings(**ANY)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PortUnavailable, match="PROMPTPRESS_METRICS_PORT"):
        open_ports(Settings(http_port=0, grpc_port=port, metrics_port=port))
    with pytest.raises(PortUnavailable, match="PROMPTPRESS_GRPC_PORT"):
        open_ports(Settings(http_port=port, grpc_port=port, metrics_port=-1))


def test_ports_that_are_turned_off_are_not_tried_and_the_others_are_free_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_ports(Settings(http_port=0, grpc_port=-1, metrics_port=port)) as listener:
        assert listener.getsockname()[1] > 0
        socket.create_server(("127.0.0.1", port)).close()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortUnavailable, match=r"cannot listen on 192\.0\.2\.1:8080: .*PROMPTPRESS_HTTP_PORT"):
        open_ports(Settings(host="192.0.2.1", http_port=8080))
    with pytest.raises(PortUnavailable, match=r"cannot listen on 192\.0\.2\.1:9464: .*PROMPTPRESS_METRICS_PORT"):
        open_ports(Settings(http_port=0, grpc_port=-1, metrics_host="192.0.2.1"))
