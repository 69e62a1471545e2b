"""Fixtures of `tests.service.observing`."""

from tests.service.observing import lines, plain_logging, watched

__all__ = ["lines", "plain_logging", "watched"]
