"""The small application of the observability tests, which the middleware is tested with too."""

from tests.service.observability.conftest import lines, plain_logging, watched

__all__ = ["lines", "plain_logging", "watched"]
