"""The only place that knows the settings and builds everything else from them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from promptpress.backends.loader import ModelLoader
from promptpress_service.cache.sealing import parse_encryption_key
from promptpress_service.dialects.base import Dialect
from promptpress_service.dialects.native import NATIVE
from promptpress_service.dialects.registry import DIALECTS, DialectTable
from promptpress_service.engine.engine import Engine, EngineOptions, concurrency
from promptpress_service.engine.handle import EngineHandle, Status
from promptpress_service.engine.health import HealthCheck, WorkerGroup
from promptpress_service.engine.storage import Storage, StorageOptions
from promptpress_service.grpc_api.server import GrpcServer, Tls
from promptpress_service.http.app import build_app
from promptpress_service.http.context import Context
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.observer import Observer
from promptpress_service.observability.spans import Tracing, TracingError
from promptpress_service.observability.tracing import open_tracing
from promptpress_service.redis.address import RedisAddress, RedisUrlError, parse_redis_url
from promptpress_service.redis.outages import OutageLog
from promptpress_service.settings.settings import Settings, SettingsError, get_settings
from promptpress_service.tenancy.api_keys import KeyRing
from promptpress_service.tenancy.caller import Caller
from promptpress_service.tenancy.limits_storage import AddressedStorage
from promptpress_service.tenancy.rate_limits import Limits, RateLimits, parse_limits
from promptpress_service.version import package_version


def create_app(
    settings: Settings | None = None,
    on_failure: Callable[[str], None] = lambda _: None,
    models: ModelLoader | None = None,
    *,
    group: WorkerGroup | None = None,
    dialects: Sequence[Dialect[Any]] = DIALECTS,
) -> FastAPI:
    """The application. Models load in the background once it starts; `/readyz` tells when they are warm.

    `on_failure` hears why it cannot serve. `models` are those loaded before this process was forked: then several
    processes share the gRPC port, and `group` tells how they are. `app.state.engine` is the EngineHandle and
    `app.state.metrics` the Metrics. Raises SettingsError.
    """
    settings = settings or get_settings()
    service = _Service(settings, models, group, DialectTable(dialects))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        starting = asyncio.create_task(service.start(on_failure))
        yield
        starting.cancel()
        await service.stop()

    app = build_app(service.context(), service.keys, service.observer, public_docs=settings.public_docs, lifespan=lifespan)
    app.state.engine = service.handle
    app.state.metrics = service.metrics
    return app


class _Service:
    """Everything behind the application, built from the settings at once; only the models take their time."""

    def __init__(
        self, settings: Settings, models: ModelLoader | None, group: WorkerGroup | None, dialects: DialectTable
    ) -> None:
        version = package_version()
        self._settings = settings
        self._forked = models is not None
        self._models = models or ModelLoader(settings.encoder, settings.threads, settings.rewriter, settings.lm)
        self._dialects = dialects
        self._tracing = _tracing(version)
        self.metrics = Metrics(version=version, routes=dialects.paths)
        self.observer = Observer(self.metrics, self._tracing)
        self.keys = KeyRing(settings.api_keys.get_secret_value() if settings.api_keys else None, settings.api_keys_file)
        outages = OutageLog()
        self._limits = rate_limits(settings, outages)
        self._storage = Storage.open(storage_options(settings), self.metrics, outages)
        self.handle = EngineHandle(_reporter(group))
        self._health = HealthCheck(
            self.handle, self._storage, self._limits, lambda: self.keys.warning, settings.redis_required, group
        )
        self._grpc: GrpcServer | None = None

    def context(self) -> Context:
        """What HTTP routes need."""
        return Context(
            self.handle,
            self._dialects,
            self._storage.originals,
            self._health.readiness,
            self._settings.max_body_bytes,
            tuple(self._settings.tokenizers),
        )

    async def start(self, on_failure: Callable[[str], None]) -> None:
        """Load the models, then listen for gRPC; `on_failure` hears why that failed."""
        try:
            options = engine_options(self._settings)
            engine = await Engine.open(self._models, self._storage, self._limits, self.metrics, options)
            self.handle.open_with(engine)
            self.metrics.set_ready(True)
            if self._settings.grpc_port >= 0:
                server = self._grpc_server()
                await server.start()
                self._grpc = server
        except Exception as error:
            self.handle.fail(str(error))
            on_failure(str(error))

    async def stop(self) -> None:
        """Answer what was accepted, release the threads, close the stores."""
        if self._grpc:
            await self._grpc.stop(self._settings.shutdown_grace_seconds)
        self.handle.draining = True
        self.metrics.set_ready(False)
        if self.handle.opened:
            await self.handle.opened.close()
        await asyncio.to_thread(self._models.close)
        await self._storage.close()
        await self._limits.close()
        self._tracing.close()

    def _grpc_server(self) -> GrpcServer:
        certificate, key = self._settings.grpc_tls_certificate, self._settings.grpc_tls_key
        return GrpcServer(
            self.handle,
            self._settings.host,
            self._settings.grpc_port,
            observer=self.observer,
            authenticate=self._authenticate,
            originals=self._storage.originals,
            tls=Tls(certificate, key) if certificate and key else None,
            reuse_port=self._forked,
            max_message_bytes=self._settings.max_body_bytes,
        )

    def _authenticate(self, metadata: Mapping[str, str]) -> Caller:
        return self.keys.authenticate(NATIVE.credentials(metadata))


def engine_options(settings: Settings) -> EngineOptions:
    """How the engine runs requests."""
    return EngineOptions(
        concurrency(settings.threads, waits_for_endpoint=settings.rewriter_url is not None),
        settings.queue_size,
        settings.max_wait_ms / 1000,
        settings.max_batch_items,
        settings.default_deadline_ms,
        settings.min_tokens,
        settings.redis_required,
        settings.tokenizers,
        package_version(),
    )


def storage_options(settings: Settings) -> StorageOptions:
    """Where things are stored. Raises SettingsError for an address that cannot be right."""
    return StorageOptions(
        address=redis_address(settings),
        timeout_seconds=settings.redis_timeout_ms / 1000,
        secret=settings.cache_secret.get_secret_value() if settings.cache_secret else None,
        encryption_keys=[parse_encryption_key(key.get_secret_value()) for key in settings.cache_encryption_keys],
        results_bytes=settings.cache_mb << 20,
        originals_bytes=settings.originals_mb << 20,
        vectors_bytes=settings.vector_cache_mb << 20,
        scores_bytes=settings.score_cache_mb << 20,
        rewrites_bytes=settings.rewrite_cache_mb << 20,
        max_value_bytes=settings.max_value_bytes,
        ttl_seconds=settings.cache_ttl_seconds,
        originals_ttl_seconds=settings.originals_ttl_seconds,
    )


def rate_limits(settings: Settings, outages: OutageLog | None = None) -> RateLimits:
    """What tenants may use. Raises SettingsError for a Redis URL that cannot be used, without repeating it."""
    general = Limits(parse_limits(settings.rate_limit), parse_limits(settings.rate_limit_tokens))
    tenants = {}
    for tenant, own in settings.tenant_limits.items():
        requests = parse_limits(own.rate_limit) if "rate_limit" in own.model_fields_set else general.requests
        tokens = parse_limits(own.rate_limit_tokens) if "rate_limit_tokens" in own.model_fields_set else general.tokens
        tenants[tenant] = Limits(requests, tokens)
    timeout = settings.redis_timeout_ms / 1000
    limited = any(each.requests or each.tokens for each in (general, *tenants.values()))
    address = redis_address(settings) if limited else None
    storage = AddressedStorage(address, timeout) if address else None
    return RateLimits(general, tenants, storage, timeout_seconds=timeout, outages=outages)


def redis_address(settings: Settings) -> RedisAddress | None:
    """The Redis of the settings, if they name one. Raises SettingsError, which does not repeat the URL."""
    if settings.redis_url is None:
        return None
    try:
        return parse_redis_url(settings.redis_url.get_secret_value())
    except RedisUrlError as error:
        raise SettingsError(f"PROMPTPRESS_REDIS_URL: {error}") from None


def _tracing(version: str) -> Tracing:
    try:
        return open_tracing(version)
    except TracingError as error:
        raise SettingsError(str(error)) from None


def _reporter(group: WorkerGroup | None) -> Callable[[Status], None]:
    return group.report if group else lambda _: None
