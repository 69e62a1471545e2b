"""The engine, or why there is none yet: what HTTP and gRPC ask while models load and while the service stops."""

from collections.abc import Callable
from typing import Literal

from promptpress_service.engine.engine import Engine
from promptpress_service.failures import NotReady

Status = Literal["loading", "ready", "draining", "failed"]


class EngineHandle:
    """Has no engine at first. `on_change` hears each new status; it must be quick and safe in a signal handler."""

    def __init__(self, on_change: Callable[[Status], None] = lambda _: None) -> None:
        self.failure: str | None = None
        self._engine: Engine | None = None
        self._draining = False
        self._on_change = on_change

    def open_with(self, engine: Engine) -> None:
        """Requests can be served from now on."""
        self._engine = engine
        self._on_change(self.status)

    def fail(self, message: str) -> None:
        """There will be no engine, or nothing to reach it by, for this reason."""
        self.failure = message
        self._on_change(self.status)

    @property
    def draining(self) -> bool:
        """Whether the service is about to stop: what was accepted is answered, and `/readyz` is not green any more."""
        return self._draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        self._draining = draining
        self._on_change(self.status)

    @property
    def status(self) -> Status:
        """One word for probes."""
        if self.failure is not None:
            return "failed"
        if self._draining:
            return "draining"
        return "loading" if self._engine is None else "ready"

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        return self._engine is not None and not self._draining

    @property
    def opened(self) -> Engine | None:
        """The engine, if it is open."""
        return self._engine

    def get(self) -> Engine:
        """The engine. Raises NotReady."""
        if self._engine is None:
            raise NotReady(self.failure or "models are loading; try again shortly", retry_after=1)
        return self._engine
