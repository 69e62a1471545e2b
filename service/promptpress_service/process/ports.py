"""The ports of a service: all are tried before it says where it listens."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from promptpress_service.settings.report import variable_of
from promptpress_service.settings.settings import Settings

_BACKLOG = 2048
"""Connections that may wait to be accepted, as uvicorn's default."""


class PortUnavailable(Exception):
    """A port cannot be listened on; the message names its setting and its flag."""


@dataclass(frozen=True)
class Port:
    """One port of the settings. `setting` is its name there; its flag has the same name, HTTP's is `--port`."""

    setting: str
    host: str
    number: int

    def unavailable(self, error: OSError) -> PortUnavailable:
        """What to tell the user when this port cannot be listened on."""
        flag = "--port" if self.setting == "http_port" else f"--{self.setting.replace('_', '-')}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return PortUnavailable(
            f"cannot listen on {host}:{self.number}: {error.strerror or error}; "
            f"set {variable_of(self.setting)} or {flag} to a free port"
        )


def http_port(settings: Settings) -> Port:
    """Where HTTP is served."""
    return Port("http_port", settings.host, settings.http_port)


def metrics_port(settings: Settings) -> Port | None:
    """Where `/metrics` is served; None if it is turned off."""
    if settings.metrics_port < 0:
        return None
    return Port("metrics_port", settings.metrics_host or settings.host, settings.metrics_port)


def open_ports(settings: Settings) -> socket.socket:
    """The listening socket for HTTP, once the other ports were found free too. Raises PortUnavailable.

    gRPC and the metrics server can only open their ports by themselves, later; here they are opened and closed again.
    """
    listener = _listen(http_port(settings))
    try:
        with ExitStack() as tried:
            for port in _others(settings):
                tried.enter_context(_listen(port))
    except PortUnavailable:
        listener.close()
        raise
    return listener


def _others(settings: Settings) -> Iterator[Port]:
    if settings.grpc_port >= 0:
        yield Port("grpc_port", settings.host, settings.grpc_port)
    if port := metrics_port(settings):
        yield port


def _listen(port: Port) -> socket.socket:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is, and without that every answer on
    # a connection kept alive waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((port.host, port.number))
        # Two sockets can be bound to one port, but only one can listen on it.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise port.unavailable(error) from error
    return listener
