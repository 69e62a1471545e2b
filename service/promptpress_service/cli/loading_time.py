"""How long models took to load, apart from the requests that were the first to need them."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from promptpress import CompressionResult
from promptpress.backends.models import Models


class LoadingTime:
    """A stopwatch for the loaders of a compressor. For one thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._running = False

    def watch(self, models: Models) -> Models:
        """The same models, whose loading runs this stopwatch."""
        parts = {field.name: getattr(models, field.name) for field in dataclasses.fields(models)}
        timed: dict[str, Any] = {name: self.timed(part) for name, part in parts.items() if callable(part)}
        return dataclasses.replace(models, **timed)

    def timed(self, load: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is counted. One that calls another is counted once."""

        def run(*arguments: Any) -> Any:
            if self._running:
                return load(*arguments)
            started, self._running = time.perf_counter(), True
            try:
                return load(*arguments)
            finally:
                self.seconds += time.perf_counter() - started
                self._running = False

        return run


def without_loading(result: CompressionResult, seconds: float) -> CompressionResult:
    """A result whose times leave out that models loaded meanwhile. Methods ask for their models when they score."""
    timing = result.timing_ms
    apart = {name: max(0.0, round(getattr(timing, name) - 1000 * seconds, 3)) for name in ("score", "total")}
    return result.model_copy(update={"timing_ms": timing.model_copy(update=apart)})
