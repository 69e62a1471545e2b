"""What `/readyz` is made from."""

import pytest

from promptpress_service.engine.engine import Engine
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.engine.health import HealthCheck
from promptpress_service.engine.storage import Storage, StorageOptions
from promptpress_service.observability.metrics import Metrics
from promptpress_service.process.worker_states import WorkerStates
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.tenancy.rate_limits import Limits, RateLimits
from tests.service.engines import open_engine
from tests.service.redis_server import RedisServer

pytestmark = pytest.mark.anyio


def check_of(handle: EngineHandle, states: WorkerStates | None = None) -> HealthCheck:
    storage = Storage.open(StorageOptions(), Metrics())
    return HealthCheck(handle, storage, RateLimits(Limits()), group=states.member(0) if states else None)


async def test_all_workers_must_have_been_ready_once() -> None:
    states = WorkerStates(2)
    first, second = states.enter(), states.enter()
    handle = EngineHandle(states.member(first).report)
    check = check_of(handle, states)
    assert (await check.readiness()).status == "loading"
    engine = await open_engine(Engine)
    handle.open_with(engine)
    waiting = await check.readiness()
    assert (waiting.ready, waiting.status) == (False, "loading")
    assert [each.status for each in waiting.workers or ()] == ["ready", "loading"]
    states.member(second).report("ready")
    assert (await check.readiness()).ready
    # One that is replaced takes nobody out of service.
    states.leave(second)
    states.enter()
    replaced = await check.readiness()
    assert (replaced.ready, replaced.warnings) == (True, ["worker 1 is loading"])
    handle.draining = True
    stopping = await check.readiness()
    assert (stopping.ready, stopping.status) == (False, "draining")
    assert [each.status for each in stopping.workers or ()] == ["draining", "loading"]
    await engine.close()


async def test_a_failure_says_why() -> None:
    handle = EngineHandle()
    handle.fail("no such model")
    found = await check_of(handle).readiness()
    assert (found.ready, found.status, found.detail, found.workers) == (False, "failed", "no such model", None)


async def test_a_required_redis_that_is_gone(own_redis: RedisServer) -> None:
    storage = Storage.open(StorageOptions(address=parse_redis_url(own_redis.url), timeout_seconds=30), Metrics())
    engine = await open_engine(Engine, storage=storage)
    handle = EngineHandle()
    handle.open_with(engine)
    check = HealthCheck(handle, storage, RateLimits(Limits()), store_required=True)
    assert (await check.readiness()).redis == {"healthy": True, "last_error": None}
    own_redis.kill()
    storage._checked = 0.0
    gone = await check.readiness()
    assert (gone.ready, gone.status) == (False, "waiting for Redis")
    await engine.close()
    await storage.close()
