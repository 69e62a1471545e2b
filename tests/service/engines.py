"""Real engines for tests, and applications on them."""

from typing import TypeVar

from fastapi import FastAPI

from promptpress.backends.loader import ModelLoader
from promptpress_service.cache.memory import MemoryStore
from promptpress_service.cache.originals import OriginalStore
from promptpress_service.cache.sealing import Sealer
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.engine.engine import Engine, EngineOptions
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.engine.health import HealthCheck
from promptpress_service.engine.storage import Storage, StorageOptions
from promptpress_service.http.app import build_app
from promptpress_service.http.context import Context
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.observer import Observer
from promptpress_service.tenancy.api_keys import KeyRing
from promptpress_service.tenancy.rate_limits import Limits, RateLimits

EngineT = TypeVar("EngineT", bound=Engine)
PATIENT = EngineOptions(max_wait_seconds=60)
"""Whether a request is turned away must not depend on how fast this machine is."""


async def open_engine(
    kind: type[EngineT], options: EngineOptions = PATIENT, limits: Limits | None = None, storage: Storage | None = None
) -> EngineT:
    """An engine with the embedded models and stores in memory."""
    metrics = Metrics()
    storage = storage or Storage.open(StorageOptions(), metrics)
    models = ModelLoader("embedded", 1)
    return await kind.open(models, storage, RateLimits(limits or Limits()), metrics, options)


def handle_of(engine: Engine) -> EngineHandle:
    handle = EngineHandle()
    handle.open_with(engine)
    return handle


def app_on(engine: Engine, max_body_bytes: int) -> FastAPI:
    """The HTTP application without keys."""
    handle, dialects = handle_of(engine), DialectTable()
    secret = b"s" * 32
    originals = OriginalStore(MemoryStore(1_000_000), Sealer(secret), secret, 60)
    check = HealthCheck(handle, Storage.open(StorageOptions(), engine.metrics), RateLimits(Limits()))
    context = Context(handle, dialects, originals, check.readiness, max_body_bytes)
    return build_app(context, KeyRing(), Observer(engine.metrics))
