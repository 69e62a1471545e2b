"""Rate limits, counted here and in a real Redis that fails in every way it can."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptpress_service.redis.address import parse_redis_url
from promptpress_service.settings.settings import Settings, SettingsError
from promptpress_service.tenancy.caller import ANYONE, Caller
from promptpress_service.tenancy.limits_storage import AddressedStorage
from promptpress_service.tenancy.rate_limits import Limits, RateLimited, RateLimits, parse_limits, seconds_until_room
from promptpress_service.wiring import rate_limits
from tests.ports import free_port
from tests.service.redis_server import RedisServer

ACME, ZETA = Caller("acme"), Caller("zeta")


def limits(requests: str | None = None, tokens: str | None = None) -> Limits:
    return Limits(parse_limits(requests), parse_limits(tokens))


def storage_at(url: str, timeout: float) -> AddressedStorage:
    return AddressedStorage(parse_redis_url(url), timeout)


def shared(server: RedisServer, allowed: Limits, timeout_seconds: float = 30, pause_seconds: float = 5.0) -> RateLimits:
    redis = storage_at(server.url, timeout_seconds)
    return RateLimits(allowed, redis=redis, timeout_seconds=timeout_seconds, pause_seconds=pause_seconds)


async def admitted(rates: RateLimits, caller: Caller = ACME, most: int = 20) -> int:
    """How many requests pass until one is refused."""
    for count in range(most):
        try:
            await rates.admit(caller)
        except RateLimited:
            return count
    return most


@pytest.mark.parametrize(
    "text", ["fast", "100", "/minute", "100/fortnight", "-1/minute", "0/minute", "1/minute; x", "9" * 5000 + "/day"]
)
def test_what_is_not_a_limit_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="rate limit"):
        parse_limits(text)


def test_several_limits_are_ordered_by_window() -> None:
    assert [item.amount for item in parse_limits("5000/day; 10 per 2 seconds, 100/minute")] == [10, 100, 5000]
    assert parse_limits(None) == parse_limits(" ") == ()


def test_each_tenant_has_its_own_count() -> None:
    async def run() -> None:
        rates = RateLimits(limits("3/day"))
        assert await admitted(rates, ACME) == 3
        assert await admitted(rates, ZETA) == 3
        with pytest.raises(RateLimited) as refused:
            await rates.admit(ACME)
        assert (refused.value.status, refused.value.code) == (429, "rate_limited")
        assert "3 per day" in refused.value.message
        assert 1 <= (refused.value.retry_after or 0) <= 2 * 86_400

    asyncio.run(run())


def test_no_limits_refuse_nothing() -> None:
    assert asyncio.run(admitted(RateLimits(limits()), ANYONE)) == 20


def test_tokens_are_counted_afterwards() -> None:
    async def run() -> None:
        rates = RateLimits(limits(tokens="100/day"))
        await rates.admit(ACME)
        await rates.record_tokens(ACME, 99)
        await rates.admit(ACME)
        await rates.record_tokens(ACME, 5000)
        with pytest.raises(RateLimited, match=r"100 per day \(tokens\)") as refused:
            await rates.admit(ACME)
        assert 86_000 < (refused.value.retry_after or 0) <= 86_400
        await rates.admit(ZETA)

    asyncio.run(run())


def test_a_batch_counts_as_its_requests() -> None:
    async def run() -> None:
        rates = RateLimits(limits("10/day"))
        await rates.admit(ACME, requests=8)
        with pytest.raises(RateLimited):
            await rates.admit(ACME, requests=3)
        await rates.admit(ACME, requests=2)
        with pytest.raises(RateLimited, match="send fewer") as refused:
            await rates.admit(ZETA, requests=11)
        assert refused.value.retry_after is None

    asyncio.run(run())


def test_tenants_override_single_limits() -> None:
    async def run() -> None:
        own = {"acme": {"rate_limit": "5/day"}, "zeta": {"rate_limit": None, "rate_limit_tokens": "10/day"}}
        rates = rate_limits(Settings(rate_limit="2/day", tenant_limits=own))
        assert await admitted(rates, ANYONE) == 2
        assert await admitted(rates, ACME) == 5
        assert await admitted(rates, ZETA) == 20
        await rates.record_tokens(ZETA, 10)
        assert await admitted(rates, ZETA) == 0

    asyncio.run(run())


@given(st.integers(0, 500), st.floats(0, 60), st.integers(0, 500), st.floats(60, 120), st.integers(0, 499))
@example(previous=0, previous_left=0.0, current=0, current_left=61.0, most=0)
def test_the_wait_is_as_long_as_needed_and_no_longer(
    previous: int, previous_left: float, current: int, current_left: float, most: int
) -> None:
    def count(after: float) -> float:
        turn = current_left - 60
        if after < turn:
            return previous * max(0.0, previous_left - after) / 60 + current
        return current * max(0.0, 60 - (after - turn)) / 60

    wait = seconds_until_room(previous, previous_left, current, current_left, most=most, window=60)
    assert wait >= 0
    assert count(wait) < most + 1 + 1e-6 or count(wait + 1e-6) < most + 1 + 1e-6
    if wait > 1e-3 and previous_left <= current_left - 60:
        assert count(wait - 1e-3) >= most + 1 - 1e-6


def test_replicas_share_one_count(own_redis: RedisServer) -> None:
    async def run() -> None:
        one, two = shared(own_redis, limits("5/day", "50/day")), shared(own_redis, limits("5/day", "50/day"))
        await one.admit(ACME, requests=3)
        assert await admitted(two) == 2
        assert await admitted(one) == 0
        await one.record_tokens(ZETA, 70)
        with pytest.raises(RateLimited, match="tokens"):
            await two.admit(ZETA)
        assert not one.degraded
        for rates in (one, two):
            await rates.close()

    asyncio.run(run())
    with own_redis.client() as client:
        keys = client.keys()
        assert keys
        assert all(b"promptpress:limits" in key for key in keys)
        assert all(client.ttl(key) > 0 for key in keys)


def test_concurrent_requests_never_exceed_the_limit(own_redis: RedisServer) -> None:
    async def run() -> None:
        rates = shared(own_redis, limits("10/day"))
        outcomes = await asyncio.gather(*(rates.admit(ACME) for _ in range(40)), return_exceptions=True)
        assert outcomes.count(None) == 10
        assert sum(isinstance(each, RateLimited) for each in outcomes) == 30
        await rates.close()

    asyncio.run(run())


def test_a_redis_that_dies_is_replaced_by_a_local_count_until_it_is_back(own_redis: RedisServer) -> None:
    async def run() -> None:
        rates = shared(own_redis, limits("3/day"), pause_seconds=0)
        assert await admitted(rates) == 3
        own_redis.kill()
        assert await admitted(rates) == 3
        assert rates.degraded
        await rates.record_tokens(ACME, 5)
        own_redis.start()
        assert await admitted(rates) == 3
        assert not rates.degraded
        await rates.close()

    asyncio.run(run())


def test_a_redis_that_hangs_is_left_alone_for_a_while(own_redis: RedisServer) -> None:
    async def run() -> None:
        rates = shared(own_redis, limits("1000/day"), timeout_seconds=0.2, pause_seconds=3600)
        own_redis.pause()
        await rates.admit(ACME)
        assert rates.degraded
        own_redis.resume()
        with own_redis.client() as client:
            client.config_resetstat()
            await asyncio.gather(*(rates.admit(ACME) for _ in range(100)))
            assert not [command for command in client.info("commandstats") if "eval" in command]
        await rates.close()

    asyncio.run(run())


@pytest.mark.parametrize("trouble", ["full", "read-only", "loading scripts lost"])
def test_a_redis_that_refuses_does_not_fail_requests(own_redis: RedisServer, trouble: str) -> None:
    with own_redis.client() as client:
        if trouble == "full":
            client.config_set("maxmemory", 1)
        elif trouble == "read-only":
            client.replicaof("127.0.0.1", "1")

    async def run() -> None:
        rates = shared(own_redis, limits("3/day"), pause_seconds=0)
        await rates.admit(ACME)
        if trouble == "loading scripts lost":
            with own_redis.client() as client:
                client.script_flush()
        assert await admitted(rates) == 2
        assert rates.degraded == (trouble != "loading scripts lost")
        await rates.close()

    asyncio.run(run())


def test_cluster(redis_binary: str) -> None:
    # By default a node listens to the others 10,000 ports above its own, which may be above the highest there is.
    with RedisServer("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server, server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO", NEVER_DECODE=True):
            pass

        async def run() -> None:
            url = f"redis+cluster://127.0.0.1:{server.port}"
            rates = RateLimits(limits("3/day", "9/day"), redis=storage_at(url, 30), timeout_seconds=30)
            assert await admitted(rates) == 3
            await rates.record_tokens(ZETA, 9)
            assert await admitted(rates, ZETA) == 0
            assert not rates.degraded
            await rates.close()

        asyncio.run(run())
        assert client.dbsize() > 0


def test_sentinel(own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        client.config_set("requirepass", "a:b@c")
    config = f"sentinel monitor primary 127.0.0.1 {own_redis.port} 1\nsentinel auth-pass primary a:b@c\n"
    with RedisServer("--sentinel", config=config) as sentinel:

        async def run() -> None:
            url = f"redis+sentinel://:a%3Ab%40c@127.0.0.1:{sentinel.port}/primary/2"
            rates = RateLimits(limits("3/day"), redis=storage_at(url, 30), timeout_seconds=30)
            assert await admitted(rates) == 3
            assert not rates.degraded
            await rates.close()

        asyncio.run(run())
    with own_redis.client(password="a:b@c", db=2) as client:
        assert client.dbsize() > 0


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:hunter2@host:1",
        "redis+sentinel://:hunter2@host:x/name",
        "redis+cluster://:hunter2@",
        "redis://:hunter2@host:port",
    ],
)
def test_a_bad_url_is_an_error_that_names_the_variable_and_not_the_password(url: str) -> None:
    with pytest.raises(SettingsError, match="PROMPTPRESS_REDIS_URL") as error:
        rate_limits(Settings(redis_url=url, rate_limit="1/day"))
    assert "hunter2" not in str(error.value)


def test_a_unix_socket(redis_binary: str, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with RedisServer("--unixsocket", str(path)) as server:

        async def run() -> None:
            rates = RateLimits(limits("3/day"), redis=storage_at(f"unix://{path}", 30), timeout_seconds=30)
            assert await admitted(rates) == 3
            assert not rates.degraded
            await rates.close()

        asyncio.run(run())
        with server.client() as client:
            assert client.dbsize() > 0


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://:p%40@h/2?ssl_cert_reqs=none",
        "redis://[::1]",
        "rediss+sentinel://h,i:7/name/1",
        "rediss+cluster://h,i:7?ssl_check_hostname=false",
    ],
)
def test_tls_and_default_ports(url: str) -> None:
    async def run() -> None:
        rates = rate_limits(Settings(redis_url=url, rate_limit="1/day"))
        await rates.close()

    asyncio.run(run())
