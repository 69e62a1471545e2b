"""How each of several workers is, in memory that they share."""

import mmap
import os
import struct
from dataclasses import dataclass

_STATUSES = ("stopped", "loading", "ready", "draining", "failed")
_SLOT = struct.Struct("<QBB")
"""Process id, place in `_STATUSES`, and whether a process in this slot has been ready."""


@dataclass(frozen=True)
class WorkerState:
    """One of several processes behind the same port.

    `status` is `stopped`, `loading`, `ready`, `draining` or `failed`. `once_ready`: it, or a process in whose place it is,
    has served before.
    """

    worker: int
    pid: int
    status: str
    once_ready: bool


class WorkerStates:
    """One slot for each worker. Made by the supervisor before it forks; every process sees what any of them writes.

    A slot has one writer at a time: the supervisor before its worker is forked and after it has ended, the worker between.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._memory = mmap.mmap(-1, max(1, count * _SLOT.size))

    def states(self) -> list[WorkerState]:
        """All workers, in the order of their slots."""
        return [self._read(slot) for slot in range(self._count)]

    def enter(self) -> int:
        """For the supervisor, before it forks a worker: the slot that is its. Raises LookupError where none is free."""
        for state in self.states():
            if state.status == "stopped":
                self._write(state.worker, 0, "loading")
                return state.worker
        raise LookupError("every slot has a worker")

    def leave(self, slot: int) -> None:
        """For the supervisor: the worker of this slot has ended."""
        self._write(slot, 0, "stopped")

    def member(self, slot: int) -> "WorkerMember":
        """For the worker: its place among the others."""
        return WorkerMember(self, slot)

    def report(self, slot: int, status: str) -> None:
        """For the worker: how it is. Raises ValueError for an unknown status."""
        if status not in _STATUSES:
            raise ValueError(f"no status of a worker: {status}")
        self._write(slot, os.getpid(), status)

    def _read(self, slot: int) -> WorkerState:
        pid, status, once_ready = _SLOT.unpack_from(self._memory, slot * _SLOT.size)
        return WorkerState(slot, pid, _STATUSES[status], bool(once_ready))

    def _write(self, slot: int, pid: int, status: str) -> None:
        once_ready = status == "ready" or self._read(slot).once_ready
        _SLOT.pack_into(self._memory, slot * _SLOT.size, pid, _STATUSES.index(status), once_ready)


@dataclass(frozen=True)
class WorkerMember:
    """One worker's place; see WorkerGroup."""

    _states: WorkerStates
    slot: int

    def report(self, status: str) -> None:
        """See WorkerGroup.report."""
        self._states.report(self.slot, status)

    def states(self) -> list[WorkerState]:
        """See WorkerGroup.states."""
        return self._states.states()
