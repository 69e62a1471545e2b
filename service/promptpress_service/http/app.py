"""The HTTP application: routes and middleware around a service that is built elsewhere."""

from typing import Any

from fastapi import FastAPI
from starlette.types import Lifespan

from promptpress_service.http import error_responses, openapi
from promptpress_service.http.context import Context
from promptpress_service.http.documentation import page
from promptpress_service.http.middleware.observe import RequestContext
from promptpress_service.http.middleware.response_cache import ResponseCacheMiddleware
from promptpress_service.http.middleware.security import Authentication, SecurityHeaders
from promptpress_service.http.routes import batch, compression, discovery, health, retrieve, streaming
from promptpress_service.observability.observer import Observer
from promptpress_service.tenancy.api_keys import KeyRing
from promptpress_service.version import package_version

_DESCRIPTION = """Makes prompts shorter before they reach an LLM: the same shape back, inside the budget as the target model
counts tokens, with every kept character traceable to the original."""


def build_app(
    context: Context,
    keys: KeyRing,
    observer: Observer,
    *,
    public_docs: bool = False,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application. `lifespan` opens and closes what is behind `context`; `public_docs`: documentation needs no key."""
    app = FastAPI(
        title="PromptPress",
        version=package_version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        # Their pages load scripts from elsewhere; ours is `documentation.page`.
        docs_url=None,
        redoc_url=None,
        # FastAPI's own telemetry records exception messages, which may quote prompts.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.context = context
    dialects = context.dialects
    error_responses.install(app, dialects)
    compressing = (compression.router_of(dialects), batch.router, streaming.router)
    for router in (*compressing, retrieve.router, discovery.router, health.router, page.router):
        app.include_router(router)
    app.add_middleware(ResponseCacheMiddleware, engine=context.engine, dialects=dialects)
    app.add_middleware(Authentication, keys=keys, public_docs=public_docs, dialects=dialects)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestContext, observer=observer, dialects=dialects)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi.document(app, dialects, keys.required)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    return app
