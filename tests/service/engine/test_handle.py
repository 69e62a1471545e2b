"""What HTTP and gRPC are told before there is an engine, and while it stops."""

import pytest

from promptpress_service.engine.engine import Engine
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.failures import NotReady
from tests.service.engines import open_engine

pytestmark = pytest.mark.anyio


async def test_from_loading_to_draining() -> None:
    heard: list[str] = []
    handle = EngineHandle(heard.append)
    assert (handle.status, handle.ready, handle.opened) == ("loading", False, None)
    with pytest.raises(NotReady, match="loading") as refused:
        handle.get()
    assert refused.value.retry_after == 1
    engine = await open_engine(Engine)
    handle.open_with(engine)
    assert (handle.status, handle.ready) == ("ready", True)
    assert handle.get() is handle.opened is engine
    handle.draining = True
    assert (handle.status, handle.ready) == ("draining", False)
    assert handle.get() is engine
    assert heard == ["ready", "draining"]
    await engine.close()


async def test_a_failure_is_what_callers_are_told() -> None:
    handle = EngineHandle()
    handle.fail("no such model")
    assert (handle.status, handle.ready) == ("failed", False)
    with pytest.raises(NotReady, match="no such model"):
        handle.get()
