"""Paths as routes have them."""

from starlette.types import Scope

PROBES = frozenset({"/livez", "/readyz", "/startupz", "/health", "/ping", "/status"})
DOCUMENTATION = frozenset({"/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js", "/openapi.json"})


def route_path(scope: Scope) -> str:
    """The path of a request without the prefix under which a proxy serves the application."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
