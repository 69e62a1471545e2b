"""One line when Redis goes and one when it comes back, however many requests there are meanwhile."""

import asyncio

import pytest
import structlog

from promptpress_service.redis.address import parse_redis_url
from promptpress_service.redis.health import RedisHealth
from promptpress_service.redis.outages import OutageLog
from promptpress_service.redis.store import RedisStore
from promptpress_service.tenancy.caller import ANYONE
from promptpress_service.tenancy.limits_storage import AddressedStorage
from promptpress_service.tenancy.rate_limits import Limits, RateLimits, parse_limits
from tests.service.redis_server import RedisServer

pytestmark = pytest.mark.anyio

GONE, BACK = "Redis does not answer", "Redis answers again"


async def test_a_real_outage_is_two_lines(own_redis: RedisServer) -> None:
    address, outages = parse_redis_url(own_redis.url), OutageLog()
    store = RedisStore(address, 30, health=RedisHealth(cool_down=0.02, outages=outages))
    counted = AddressedStorage(address, 30)
    limits = RateLimits(
        Limits(parse_limits("1000000/day")), redis=counted, timeout_seconds=30, pause_seconds=0.02, outages=outages
    )
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            await store.set("a", b"1", 60)
            await limits.admit(ANYONE)
        assert not lines
        own_redis.kill()
        for _ in range(40):
            await store.get("a")
            await limits.admit(ANYONE)
        own_redis.start()
        while not (await store.get("b") is None and store.state().healthy and not limits.degraded):
            await asyncio.sleep(0.01)
            await limits.admit(ANYONE)
    assert [line["log_level"] for line in lines] == ["warning", "warning"]
    assert lines[0]["event"].startswith(GONE)
    assert "Error" in lines[0]["error"]
    assert lines[1]["event"] == BACK
    await store.close()
    await limits.close()


def test_it_is_back_when_all_who_lost_it_have_it_again() -> None:
    outages = OutageLog()
    with structlog.testing.capture_logs() as lines:
        outages.found("cache")
        outages.lost("cache", "TimeoutError")
        outages.lost("limits", "TimeoutError")
        outages.lost("cache", "TimeoutError")
        outages.found("cache")
        assert len(lines) == 1
        outages.found("limits")
        outages.found("limits")
    assert len(lines) == 2
