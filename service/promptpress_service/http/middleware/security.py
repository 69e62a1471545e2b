"""Pure ASGI middleware: who may ask, and what browsers may do with answers. No CORS headers: browsers are not clients."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpress_service.dialects.errors import report_of
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.http.error_responses import respond
from promptpress_service.http.paths import DOCUMENTATION, PROBES, route_path
from promptpress_service.observability.records import note_tenant
from promptpress_service.tenancy.api_keys import KeyRing, Unauthorized

_ALL_ANSWERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"), (b"x-frame-options", b"DENY")]
_NOT_STORED = (b"cache-control", b"no-store")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI sets styles from its script and draws with data URLs.
_PAGE_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_API_HEADERS = [*_ALL_ANSWERS, (b"content-security-policy", _API_POLICY.encode()), _NOT_STORED]
_PAGE_HEADERS = [*_ALL_ANSWERS, (b"content-security-policy", _PAGE_POLICY.encode())]
_PAGE_ERROR_HEADERS = [*_PAGE_HEADERS, _NOT_STORED]


class Authentication:
    """Answers 401 to requests without a known key, without reading their body; tells the rest of the application who is
    asking: `scope["state"]["caller"]`, which is `request.state.caller`. Where a request carries its key, and how it is
    refused, is up to the dialect of its path.

    GET and HEAD of a probe need no key, nor does the documentation where `public_docs` is set.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, public_docs: bool = False, dialects: DialectTable | None = None) -> None:
        self._app = app
        self._keys = keys
        self._open = PROBES | DOCUMENTATION if public_docs else PROBES
        self._dialects = dialects or DialectTable()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or (scope["method"] in ("GET", "HEAD") and route_path(scope) in self._open):
            await self._app(scope, receive, send)
            return
        path = route_path(scope)
        # Not looked for where nobody needs one: it would be a tenth of the time of a cache hit.
        presented = self._dialects.of(path).credentials(Headers(scope=scope)) if self._keys.required else ()
        try:
            caller = self._keys.authenticate(presented)
        except Unauthorized as error:
            await respond(self._dialects, path, report_of(error))(scope, receive, send)
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
        documentation = route_path(scope) in DOCUMENTATION

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                pages = _PAGE_HEADERS if message["status"] == HTTPStatus.OK else _PAGE_ERROR_HEADERS
                added = pages if documentation else _API_HEADERS
                headers = list(message.get("headers", ()))
                names = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for header in added if header[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)
