"""Pure ASGI middleware: who may ask, and what browsers may do with answers. No CORS headers: browsers are not clients."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpress_service.http.errors import ErrorBody, respond
from promptpress_service.observability.records import note_tenant
from promptpress_service.tenancy.api_keys import KeyRing, Unauthorized

PROBES = frozenset({"/livez", "/readyz", "/startupz", "/health", "/ping", "/status"})
DOCUMENTATION = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})

_ALL_ANSWERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"), (b"x-frame-options", b"DENY")]
_NOT_STORED = (b"cache-control", b"no-store")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# What FastAPI's pages load: scripts and styles from its CDN, the script that starts them inline, an icon.
_PAGE_POLICY = (
    "default-src 'none'; connect-src 'self'; worker-src blob:; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; font-src https://fonts.gstatic.com; "
    "img-src 'self' data: https://fastapi.tiangolo.com https://cdn.jsdelivr.net; base-uri 'none'; frame-ancestors 'none'"
)
_API_HEADERS = [*_ALL_ANSWERS, (b"content-security-policy", _API_POLICY.encode()), _NOT_STORED]
_PAGE_HEADERS = [*_ALL_ANSWERS, (b"content-security-policy", _PAGE_POLICY.encode())]
_PAGE_ERROR_HEADERS = [*_PAGE_HEADERS, _NOT_STORED]


class Authentication:
    """Answers 401 to requests without a known key, without reading their body; tells the rest of the application who is
    asking: `scope["state"]["caller"]`, which is `request.state.caller`.

    GET of a probe needs no key, nor does the documentation where `public_docs` is set.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, public_docs: bool = False) -> None:
        self._app = app
        self._keys = keys
        self._open = PROBES | DOCUMENTATION if public_docs else PROBES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or (scope["method"] == "GET" and _path(scope) in self._open):
            await self._app(scope, receive, send)
            return
        try:
            caller = self._keys.authenticate(Headers(scope=scope))
        except Unauthorized as error:
            response = respond(error.status, ErrorBody(code=error.code, message=error.message), error.headers)
            await response(scope, receive, send)
            return
        note_tenant(caller.tenant)
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


class SecurityHeaders:
    """Adds headers that keep answers out of caches, frames and content sniffing. A header the application set stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        documentation = _path(scope) in DOCUMENTATION

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                pages = _PAGE_HEADERS if message["status"] == 200 else _PAGE_ERROR_HEADERS
                added = pages if documentation else _API_HEADERS
                headers = list(message.get("headers", ()))
                names = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for header in added if header[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
