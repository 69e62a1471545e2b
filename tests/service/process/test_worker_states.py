"""Workers see how the others are, across processes."""

import os

import pytest

from promptpress_service.process.worker_states import WorkerStates


def statuses(states: WorkerStates) -> list[str]:
    return [each.status for each in states.states()]


def test_a_forked_worker_reports_to_the_others() -> None:
    states = WorkerStates(2)
    assert statuses(states) == ["stopped", "stopped"]
    slot = states.enter()
    assert statuses(states) == ["loading", "stopped"]
    pid = os.fork()
    if not pid:
        states.member(slot).report("ready")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    worker = states.states()[slot]
    assert (worker.worker, worker.pid, worker.status, worker.once_ready) == (0, pid, "ready", True)
    states.leave(slot)
    left = states.states()[slot]
    assert (left.pid, left.status, left.once_ready) == (0, "stopped", True)
    assert states.enter() == slot


def test_mistakes() -> None:
    states = WorkerStates(1)
    member = states.member(states.enter())
    with pytest.raises(LookupError):
        states.enter()
    with pytest.raises(ValueError, match="resting"):
        member.report("resting")
    assert statuses(states) == ["loading"]
