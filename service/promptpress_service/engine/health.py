"""Whether the service can be asked, and why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from promptpress_service.engine.handle import EngineHandle
from promptpress_service.engine.storage import Storage
from promptpress_service.tenancy.rate_limits import RateLimits


class WorkerState(Protocol):
    """One of several processes behind the same port.

    `status` is that of EngineHandle, or `stopped`. `once_ready`: it, or a process in whose place it is, has served before.
    """

    @property
    def worker(self) -> int: ...  # noqa: D102

    @property
    def pid(self) -> int: ...  # noqa: D102

    @property
    def status(self) -> str: ...  # noqa: D102

    @property
    def once_ready(self) -> bool: ...  # noqa: D102


class WorkerGroup(Protocol):
    """The processes that serve together with this one, which reports its own status."""

    def report(self, status: str) -> None:
        """Tell the others how this process is. Safe in a signal handler."""

    def states(self) -> Sequence[WorkerState]:
        """How all of them are, this one among them."""


@dataclass(frozen=True)
class Readiness:
    """The answer to a readiness probe; `ready` is False where requests should go elsewhere."""

    ready: bool
    status: str
    detail: str | None = None
    warnings: list[str] | None = None
    redis: dict[str, object] | None = None
    workers: Sequence[WorkerState] | None = None


@dataclass(frozen=True)
class HealthCheck:
    """Asks everything that can be unwell. `warning_of_keys` is the key ring's."""

    handle: EngineHandle
    storage: Storage
    limits: RateLimits
    warning_of_keys: Callable[[], str | None] = lambda: None
    store_required: bool = False
    group: WorkerGroup | None = None

    async def readiness(self) -> Readiness:
        """Ready when this process can serve, and every worker has served once."""
        handle = self.handle
        if handle.opened:
            handle.opened.show_stores()
        state = self.storage.state
        redis: dict[str, object] | None = None
        if state:
            redis = {"healthy": state.healthy, "last_error": state.last_error}
        workers = list(self.group.states()) if self.group else None
        if handle.failure is not None:
            return Readiness(False, "failed", handle.failure, None, redis, workers)
        if not handle.ready:
            return Readiness(False, handle.status, None, None, redis, workers)
        if self.store_required and not await self.storage.reachable():
            return Readiness(False, "waiting for Redis", None, None, redis, workers)
        missing = [each for each in workers or () if each.status != "ready"]
        if not all(each.once_ready for each in missing):
            return Readiness(False, "loading", None, None, redis, workers)
        return Readiness(True, "ok", None, self._warnings(missing) or None, redis, workers)

    def _warnings(self, missing: Sequence[WorkerState]) -> list[str]:
        warnings = [warning for warning in (self.warning_of_keys(),) if warning]
        if self.limits.degraded:
            warnings.append("rate limits are counted in this process alone while Redis does not answer")
        warnings += [f"worker {each.worker} is {each.status}" for each in missing]
        return warnings
