"""One line in the log when Redis goes, and one when it comes back, whoever uses it."""

import threading

import structlog

_log = structlog.get_logger("promptpress_service.redis")


class OutageLog:
    """Hears of failures from everything that uses one Redis; safe to share between threads."""

    def __init__(self) -> None:
        self._without: set[str] = set()
        self._lock = threading.Lock()

    def lost(self, user: str, kind: str) -> None:
        """`user` (`cache`, `limits`) goes on without Redis after an error of this kind."""
        with self._lock:
            first = not self._without
            self._without.add(user)
        if first:
            _log.warning(
                "Redis does not answer; until it does, nothing is shared with other replicas and limits are counted in this "
                "process",
                error=kind,
            )

    def found(self, user: str) -> None:
        """Redis answers `user` again."""
        if user not in self._without:
            return
        with self._lock:
            self._without.discard(user)
            last = not self._without
        if last:
            _log.warning("Redis answers again")
