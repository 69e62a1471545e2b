"""Where calls come in: keys, parsing, request ids, and every error as its status."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from promptpress_service.engine.request import ServiceRequest
from promptpress_service.failures import ServiceFailure
from promptpress_service.grpc_api.status import MalformedMessage, http_status, refusal
from promptpress_service.observability.observer import CLIENT_LEFT, Observer
from promptpress_service.observability.records import note_error, note_tenant
from promptpress_service.tenancy.caller import Caller

_log = logging.getLogger(__name__)

REQUEST_ID_KEY = "x-request-id"
_REPLY_MARGIN_S = 0.05

Authenticate = Callable[[Mapping[str, str]], Caller]


@dataclass(frozen=True)
class Call:
    """One call of the Compressor service: on whose behalf, and the connection to the client."""

    caller: Caller
    context: Any

    def bounded(self, request: ServiceRequest) -> ServiceRequest:
        """The request with the time that remains to the call as its deadline, if that is sooner than its own.

        A little is kept back: the engine answers a missed deadline with the original, which must still get to the client.
        """
        left = self.context.time_remaining()
        if left is None:
            return request
        usable = max(1, int(1000 * (left - min(left / 10, _REPLY_MARGIN_S))))
        own = request.deadline_ms
        return request.model_copy(update={"deadline_ms": usable if own is None else min(own, usable)})


class Boundary(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Stands in front of every method. Methods of `service` need a key and get a Call in place of gRPC's context.

    gRPC answers INTERNAL to bytes that do not parse, and UNKNOWN with the text of the exception to anything a method
    raises. So bytes are parsed here, and nothing but gRPC's own exceptions gets through.
    """

    def __init__(self, service: str, authenticate: Authenticate, observer: Observer) -> None:
        self._prefix = f"/{service}/"
        self._authenticate = authenticate
        self._observer = observer
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End the open streams of other services, such as health watches, which would otherwise outlast every drain."""
        self._closing.set()

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        """gRPC's hook: the handler of a method, wrapped; None if there is no such method."""
        handler = await continuation(details)
        if handler is None:
            return None
        behaviour = handler.unary_unary or handler.unary_stream or handler.stream_stream
        if details.method.startswith(self._prefix):
            wrapped = self._compressor_call(details.method, behaviour, handler.request_deserializer)
        else:
            wrapped = self._public_call(details.method, behaviour, handler.request_deserializer, handler.request_streaming)
        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        return make(wrapped, request_deserializer=None, response_serializer=handler.response_serializer)

    def _compressor_call(self, method: str, behaviour: Any, parse: Any) -> Any:
        async def answer(raw: bytes, context: Any) -> Any:
            headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            with self._observer.observe("grpc", "POST", headers) as observation:
                observation.route = method.removeprefix("/")
                # Trailing, not initial: a client that has seen initial metadata no longer retries.
                echo = ((REQUEST_ID_KEY, observation.record.request_id),)
                context.set_trailing_metadata(echo)
                try:
                    caller = self._authenticate(headers)
                    note_tenant(caller.tenant)
                    response = await behaviour(_parsed(raw, parse), Call(caller, context))
                    observation.status = 200
                    return response
                except (Exception, asyncio.CancelledError) as error:
                    observation.cancelled = _client_left(error)
                    observation.status = CLIENT_LEFT if observation.cancelled else http_status(error)
                    await _refuse(error, method, context, echo)

        return answer

    def _public_call(self, method: str, behaviour: Any, parse: Any, streaming: bool) -> Any:
        async def run(raw: Any, context: Any) -> Any:
            if not streaming:
                return await behaviour(_parsed(raw, parse), context)
            async for response in behaviour(_each_parsed(raw, parse), context):
                await context.write(response)
            return None

        async def answer(raw: Any, context: Any) -> Any:
            running = asyncio.create_task(run(raw, context))
            closing = asyncio.create_task(self._closing.wait())
            try:
                await asyncio.wait((running, closing), return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    return running.result()
                raise ServiceFailure("the server is shutting down")
            except (Exception, asyncio.CancelledError) as error:
                await _refuse(error, method, context, ())
            finally:
                running.cancel()
                closing.cancel()

        return answer


async def _refuse(error: BaseException, method: str, context: Any, trailing: tuple[tuple[str, str], ...]) -> None:
    """End the call with the error's status. Raises what gRPC must see: its own exceptions, and that the client cancelled."""
    if isinstance(error, grpc.aio.BaseError):
        raise error
    if isinstance(error, asyncio.CancelledError):
        if _client_left(error):
            raise error
        # The work was cancelled, not the call: without a status the client would wait for ever.
        error = ServiceFailure("the work was cancelled; try again", retry_after=1)
    assert isinstance(error, Exception)
    told = refusal(error)
    note_error(told.error)
    if told.code is grpc.StatusCode.INTERNAL:
        # The type only: a message may quote the prompt.
        _log.error("%s failed: %s", method, type(error).__name__)
    await context.abort(told.code, told.message, (*trailing, *told.trailing))


def _client_left(error: BaseException) -> bool:
    """Whether gRPC cancelled the call, which it does when the client has; the work inside may be cancelled for itself."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and bool(task.cancelling())


def _parsed(raw: bytes, parse: Callable[[bytes], Any]) -> Any:
    try:
        return parse(raw)
    except DecodeError:
        raise MalformedMessage("the message cannot be parsed, or is nested too deeply") from None


async def _each_parsed(raw: AsyncIterator[bytes], parse: Callable[[bytes], Any]) -> AsyncIterator[Any]:
    async for each in raw:
        yield _parsed(each, parse)
