"""Cuts a long sequence of tokens into windows, each of which begins inside the one before."""

from dataclasses import dataclass

CARRIED = 0.125
"""Share of a window that was already in the window before, so that no token is read without what came before it."""


@dataclass(frozen=True)
class Window:
    """Tokens `[begin, end)` are read together; the result is used for `[first, end)`."""

    begin: int
    first: int
    end: int


def windows(length: int, room: int) -> list[Window]:
    """Windows of at most `room` tokens over a sequence of `length`; their used parts follow on each other."""
    found = [Window(0, 0, min(length, room))]
    carried = int(room * CARRIED)
    while (first := found[-1].end) < length:
        begin = first - carried
        found.append(Window(begin, first, min(length, begin + room)))
    return found
