"""Waiting for what must come to pass, however slow the machine is."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 300
"""How long a test waits. A machine under load takes its time; only a mistake takes this long."""


def eventually(condition: Callable[[], T | None], pause: float = 0.01) -> T:
    """What the condition returns, once that is true."""
    given_up = time.monotonic() + PATIENCE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < given_up, "it did not come to pass"
        time.sleep(pause)
    return result


async def eventually_async(condition: Callable[[], T | None], pause: float = 0.005) -> T:
    """The same on an event loop, which goes on meanwhile."""
    given_up = time.monotonic() + PATIENCE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < given_up, "it did not come to pass"
        await asyncio.sleep(pause)
    return result
