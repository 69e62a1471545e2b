import pytest

from promptpress_service.cache.memory import MemoryStore

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_entries_live_as_long_as_they_should() -> None:
    clock = Clock()
    store = MemoryStore(10_000, clock)
    assert await store.set("a", b"1", 10)
    clock.now = 9.9
    assert await store.get("a") == b"1"
    assert await store.touch("a", 10)
    clock.now = 19.8
    assert await store.get("a") == b"1"
    clock.now = 19.9
    assert await store.get("a") is None
    assert not await store.touch("a", 10)
    assert store.state().sizes == {"entries": 0, "bytes": 0}


async def test_the_least_recently_used_goes_first() -> None:
    store = MemoryStore(3 * 1000)
    for name in "abc":
        await store.set(name, bytes(600), 10)
    await store.get("a")
    await store.set("d", bytes(600), 10)
    assert [name for name in "abcd" if await store.get(name)] == ["a", "c", "d"]
    assert store.state().counters["evictions"] == 1
    assert store.state().sizes["bytes"] <= 3000


async def test_too_large_is_not_stored() -> None:
    store = MemoryStore(1000)
    assert not await store.set("a", bytes(1000), 10)
    assert await store.set_if_absent("a", bytes(1000), 10) is None
    assert store.state().counters["too_large"] == 2


async def test_locks() -> None:
    clock = Clock()
    store = MemoryStore(10_000, clock)
    assert await store.set_if_absent("l", b"me", 5) is True
    assert await store.set_if_absent("l", b"you", 5) is False
    assert not await store.delete_if_equals("l", b"you")
    assert await store.delete_if_equals("l", b"me")
    assert await store.set_if_absent("l", b"you", 5) is True
    clock.now = 5
    assert await store.set_if_absent("l", b"me", 5) is True


async def test_replacing_counts_once() -> None:
    store = MemoryStore(10_000)
    for size in (100, 300, 200):
        await store.set("a", bytes(size), 10)
    once = MemoryStore(10_000)
    await once.set("a", bytes(200), 10)
    assert store.state().sizes == once.state().sizes
    await store.close()
    assert store.state().sizes == {"entries": 0, "bytes": 0}
