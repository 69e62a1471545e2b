"""The HTTP application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from service import errors
from service.engine import Engine
from service.routes import compression, discovery, health
from service.settings import Settings, get_settings

_DESCRIPTION = """Makes prompts shorter before they reach an LLM: the same shape back, inside the budget as the target model
counts tokens, with every kept character traceable to the original."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Models load in the background once it starts; `/readyz` says when they are warm."""
    engine = Engine(settings or get_settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(engine.start())
        loading.add_done_callback(_report)
        yield
        loading.cancel()
        engine.close()

    def _report(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            app.state.on_failure(str(task.exception()))

    app = FastAPI(title="PromptPress", version=package_version(), description=_DESCRIPTION, lifespan=lifespan)
    app.state.engine = engine
    app.state.on_failure = lambda _: None
    errors.install(app)
    for router in (compression.router, discovery.router, health.router):
        app.include_router(router)
    return app


def package_version() -> str:
    """The installed version."""
    try:
        return version("promptpress")
    except PackageNotFoundError:
        return "0"
