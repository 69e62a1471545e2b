"""The HTTP application, with the gRPC server beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from promptpress.backends.loader import ModelLoader
from promptpress_service.engine.engine import Engine
from promptpress_service.grpc_api.server import GrpcServer, Tls
from promptpress_service.http import errors
from promptpress_service.http.middleware.observe import RequestContext
from promptpress_service.http.middleware.response_cache import Repeated
from promptpress_service.http.middleware.security import Authentication, SecurityHeaders
from promptpress_service.http.routes import compression, discovery, health, retrieve, streaming
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.observer import Observer
from promptpress_service.observability.tracing import open_tracing
from promptpress_service.settings.settings import Settings, get_settings
from promptpress_service.tenancy.api_keys import KeyRing
from promptpress_service.version import package_version

_DESCRIPTION = """Makes prompts shorter before they reach an LLM: the same shape back, inside the budget as the target model
counts tokens, with every kept character traceable to the original."""


def create_app(
    settings: Settings | None = None,
    on_failure: Callable[[str], None] = lambda _: None,
    models: ModelLoader | None = None,
) -> FastAPI:
    """The application. Models load in the background once it starts; `/readyz` says when they are warm.

    `on_failure` hears why it cannot serve.
    `models` are those loaded before this process was forked: then several processes share the gRPC port.
    """
    settings = settings or get_settings()
    metrics = Metrics(version=package_version())
    tracing = open_tracing(package_version())
    engine = Engine(settings, metrics, models)
    keys = KeyRing(settings.api_keys.get_secret_value() if settings.api_keys else None, settings.api_keys_file)

    observer = Observer(metrics, tracing)

    async def start(app: FastAPI) -> GrpcServer | None:
        try:
            await engine.start()
            app.state.originals = engine.storage.originals if engine.storage else None
            if settings.grpc_port < 0:
                return None
            certificate, key = settings.grpc_tls_certificate, settings.grpc_tls_key
            tls = Tls(certificate, key) if certificate and key else None
            server = GrpcServer(
                engine,
                settings.host,
                settings.grpc_port,
                authenticate=keys.authenticate,
                originals=app.state.originals,
                observer=observer,
                tls=tls,
                reuse_port=models is not None,
            )
            await server.start()
            return server
        except Exception as error:
            engine.failure = str(error)
            on_failure(str(error))
            return None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        starting = asyncio.create_task(start(app))
        yield
        starting.cancel()
        grpc_server = starting.result() if starting.done() and not starting.cancelled() else None
        if grpc_server:
            await grpc_server.stop(settings.shutdown_grace_seconds)
        await engine.close()
        tracing.close()

    app = FastAPI(
        title="PromptPress",
        version=package_version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        # FastAPI's own telemetry records exception messages, which may quote prompts.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.engine = engine
    app.state.keys = keys
    app.state.metrics = metrics
    errors.install(app)
    for router in (compression.router, streaming.router, retrieve.router, discovery.router, health.router):
        app.include_router(router)
    app.add_middleware(Repeated, engine=engine)
    app.add_middleware(Authentication, keys=keys, public_docs=settings.public_docs)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestContext, observer=observer)
    return app
