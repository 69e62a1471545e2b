"""Ports for servers that cannot be asked which one they took."""

import random
import socket

_given: set[int] = set()
_choice = random.SystemRandom()


def free_port() -> int:
    """A port that nobody listens on. It is below those that systems give to outgoing connections and to listeners without a
    port of their own, so that none of these takes it between now and its use."""
    while True:
        port = _choice.randrange(15_000, 32_000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
