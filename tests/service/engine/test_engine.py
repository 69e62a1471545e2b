"""The engine on real models: what it caches, stores and writes down."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from promptpress_service.engine.computed import Computed, ComputedCodec
from promptpress_service.engine.engine import Engine, EngineOptions, concurrency
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.engine.storage import Storage, StorageOptions
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.records import RequestRecord, set_current_record
from promptpress_service.redis.address import parse_redis_url
from promptpress_service.tenancy.caller import ANYONE
from tests.conftest import PROSE
from tests.service.engines import PATIENT, open_engine
from tests.service.redis_server import RedisServer

pytestmark = pytest.mark.anyio

REQUEST = ServiceRequest(text=PROSE, target_ratio=0.5, method="bm25", query="Which ship?")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = await open_engine(Engine)
    yield engine
    await engine.close()


async def test_it_writes_one_record_for_each_compression_however_it_was_found(engine: Engine) -> None:
    record = RequestRecord("id", "http")
    set_current_record(record)
    computed = await engine.compress(REQUEST)
    cached = await engine.compress(REQUEST)
    hit = await engine.find(REQUEST)
    assert hit is not None
    assert await engine.still_cached(hit.entry, ANYONE, hit.record)
    assert [each.cache for each in record.compressions] == ["miss", "hit", "hit", "hit"]
    assert {each.tokens_after for each in record.compressions} == {computed.result.usage.tokens_after}
    assert cached.result.text == hit.outcome.result.text == computed.result.text
    assert record.compressions[3].finished_ns > record.compressions[2].finished_ns


async def test_equal_requests_at_once_share_a_result_and_not_its_times(engine: Engine) -> None:
    outcomes = await asyncio.gather(*(engine.compress(REQUEST) for _ in range(4)))
    assert sorted(outcome.cache for outcome in outcomes) == ["hit", "hit", "hit", "miss"]
    assert len({outcome.result.text for outcome in outcomes}) == 1
    for outcome in outcomes:
        assert (outcome.result.timing_ms.score > 0) == (outcome.cache == "miss")


async def test_an_original_that_could_not_be_stored_is_named_in_the_warnings() -> None:
    metrics = Metrics()
    storage = Storage.open(StorageOptions(originals_bytes=100), metrics)
    engine = await open_engine(Engine, storage=storage)
    request = REQUEST.model_copy(update={"text": None, "texts": ["a", PROSE], "store_original": True})
    outcome = await engine.compress(request)
    assert outcome.originals == []
    assert [warning for warning in outcome.result.warnings if "could not be stored" in warning] == [
        "the original of item 1 could not be stored; keep your own copy of it"
    ]
    # The cache has the result without it.
    plain = await engine.compress(request.model_copy(update={"store_original": False}))
    assert plain.cache == "hit"
    assert not any("stored" in warning for warning in plain.result.warnings)
    await engine.close()


async def test_a_redis_that_is_gone_stores_no_original(own_redis: RedisServer) -> None:
    storage = Storage.open(StorageOptions(address=parse_redis_url(own_redis.url), timeout_seconds=30), Metrics())
    engine = await open_engine(Engine, storage=storage)
    request = REQUEST.model_copy(update={"store_original": True})
    assert (await engine.compress(request)).originals
    own_redis.kill()
    outcome = await engine.compress(request)
    assert outcome.originals == []
    assert any("item 0 could not be stored" in warning for warning in outcome.result.warnings)
    await engine.close()
    await storage.close()


async def test_what_cannot_be_cached_or_read_is_not() -> None:
    engine = await open_engine(Engine, PATIENT)
    result = (await engine.compress(REQUEST)).result
    codec = ComputedCodec()
    assert codec.cacheable(Computed(result))
    assert not codec.cacheable(Computed(result.model_copy(update={"method_details": {"complete": False}})))
    again = codec.decode(codec.encode(Computed(result, queue_ms=3.0)))
    assert again == Computed(result, queue_ms=0.0)
    assert codec.decode(b'{"text": 1}') is None
    await engine.close()


def test_concurrency_leaves_room_for_those_that_wait() -> None:
    assert [concurrency(threads, waits_for_endpoint=False) for threads in (1, 2, 4, 9)] == [1, 1, 2, 4]
    assert concurrency(2, waits_for_endpoint=True) == 5


async def test_a_batch_gets_a_slot_more_than_run(engine: Engine) -> None:
    assert engine.options == EngineOptions(max_wait_seconds=60)
    slots = engine.batch_slots()
    for _ in range(2):
        await slots.acquire()
    assert slots.locked()
