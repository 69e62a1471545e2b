"""The ASGI middleware around every HTTP request: its id, its timing headers, and the one place where it is observed.

Routes find the request's record by `current_record()` or `request.state.record`, and its id in `request.state.request_id`.
Bodies pass through as they come.
"""

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promptpress_service.dialects.errors import ErrorReport
from promptpress_service.dialects.registry import DialectTable
from promptpress_service.http.error_responses import respond
from promptpress_service.http.paths import route_path
from promptpress_service.observability import labels
from promptpress_service.observability.observer import CLIENT_LEFT, Observation, Observer
from promptpress_service.observability.records import note_error

_log = structlog.get_logger("promptpress_service.request")


class RequestContext:
    """Add with `app.add_middleware(RequestContext, observer=observer)`, last, so that it is the outermost.

    `dialects` say how an unexpected error is answered.
    """

    def __init__(self, app: ASGIApp, observer: Observer, dialects: DialectTable | None = None) -> None:
        self._app = app
        self._observer = observer
        self._dialects = dialects or DialectTable()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are observed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._observer.observe("http", scope["method"], Headers(scope=scope)) as observation:
            scope.setdefault("state", {}).update(record=observation.record, request_id=observation.record.request_id)
            exchange = _Exchange(receive, send, observation)
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except ClientDisconnect:
                # Raised where the body is read; nobody is there to answer any more.
                exchange.left = True
            except Exception as error:
                # As exc_info, the log has its type and places without its message, which may quote the prompt.
                _log.error("unexpected error", exc_info=error)
                if exchange.started:
                    note_error("internal")
                    raise
                response = respond(self._dialects, route_path(scope), _internal(observation))
                await response(scope, receive, exchange.send)
            except BaseException:
                exchange.left = True
                raise
            finally:
                observation.route = _route(scope)
                exchange.conclude()


class _Exchange:
    """What passes between client and application."""

    def __init__(self, receive: Receive, send: Send, observation: Observation) -> None:
        self._receive = receive
        self._send = send
        self._observation = observation
        self.started = False
        self.complete = False
        self.left = False

    async def receive(self) -> Message:
        message = await self._receive()
        # Servers say the same after a complete answer.
        if message["type"] == "http.disconnect" and not self.complete:
            self.left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._observation.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *_headers(self._observation)]
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.complete = not self.left
        await self._send(message)

    def conclude(self) -> None:
        if not self.complete and self.left:
            self._observation.cancelled = True
            self._observation.status = CLIENT_LEFT


def _headers(observation: Observation) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", observation.record.request_id.encode())]
    if len(observation.record.compressions) != 1:
        return headers
    (compression,) = observation.record.compressions
    stages = {"queue": compression.queue_ms}
    if compression.computed:
        stages |= {stage: compression.timing[stage] for stage in labels.STAGES if stage in compression.timing}
    for stage, value in (stages | {"total": observation.milliseconds()}).items():
        headers.append((b"x-promptpress-%s-ms" % stage.encode(), b"%.3f" % value))
    return headers


def _route(scope: Scope) -> str | None:
    """The template of the route that answered; the path stands in for routes that have none, and becomes a label only if
    it is a known one."""
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else scope["path"]


def _internal(observation: Observation) -> ErrorReport:
    identifier = observation.record.request_id
    return ErrorReport(500, "internal", f"an error of the service; its log has more under request id {identifier}")
