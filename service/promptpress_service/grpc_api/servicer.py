"""The methods of the Compressor service."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol, TypeVar

from promptpress.errors import InvalidValue
from promptpress_service.cache.originals import UnknownOriginal, is_hash
from promptpress_service.dialects.catalogue import count_tokens, list_methods
from promptpress_service.dialects.errors import REPORTED, native_body, report_of
from promptpress_service.dialects.native import response_of
from promptpress_service.engine.batch import BatchOutcome, run_batch
from promptpress_service.engine.handle import EngineHandle
from promptpress_service.failures import ServiceFailure
from promptpress_service.grpc_api import conversion
from promptpress_service.grpc_api.boundary import Call
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.status import NotOffered, shortened
from promptpress_service.observability.records import note_error

_INLINE_BYTES = 64 * 1024
_From = TypeVar("_From")
_To = TypeVar("_To")


class Original(Protocol):
    """A text that was kept, and its tokens if they were counted."""

    @property
    def text(self) -> str: ...  # noqa: D102

    @property
    def tokens(self) -> int | None: ...  # noqa: D102


class Originals(Protocol):
    """Where originals are kept, each tenant's apart."""

    async def get(self, tenant: str, hash: str) -> Original | None:
        """The original under a hash; None if the tenant has none there."""


class CompressorServicer:
    """Each method takes its message and the Call, and raises CompressionError, ValidationError or ServiceFailure."""

    def __init__(self, engine: EngineHandle, originals: Originals | None) -> None:
        self._engine = engine
        self._originals = originals

    async def Compress(self, request: pb.CompressRequest, call: Call) -> pb.CompressResponse:  # noqa: N802
        """One input."""
        large = request.ByteSize() > _INLINE_BYTES
        native = await _converted(conversion.to_request, request, large)
        outcome = await self._engine.get().compress(call.bounded(native), call.caller)
        return await _converted(conversion.from_response, response_of(outcome), large)

    async def CompressBatch(self, request: pb.CompressBatchRequest, call: Call) -> pb.CompressBatchResponse:  # noqa: N802
        """Several inputs, answered together and in order."""
        async with aclosing(self._outcomes(request, call)) as outcomes:
            items = [item async for item in outcomes]
        items.sort(key=lambda item: item.index)
        return pb.CompressBatchResponse(results=items)

    async def CompressStream(self, request: pb.CompressBatchRequest, call: Call) -> None:  # noqa: N802
        """Several inputs, each answered when it is ready."""
        finished = 0
        async with aclosing(self._outcomes(request, call)) as outcomes:
            async for item in outcomes:
                finished += 1
                event = pb.CompressStreamResponse(item=item, finished=finished, total=len(request.requests))
                await call.context.write(event)

    async def Retrieve(self, request: pb.RetrieveRequest, call: Call) -> pb.RetrieveResponse:  # noqa: N802
        """An original, to the tenant who sent it."""
        if self._originals is None:
            raise NotOffered("this server keeps no originals")
        await self._engine.get().admit(call.caller)
        if not is_hash(request.hash):
            raise InvalidValue("a hash is 12 to 24 lower-case hex digits", "hash")
        original = await self._originals.get(call.caller.tenant, request.hash)
        if original is None:
            raise UnknownOriginal
        return pb.RetrieveResponse(hash=request.hash, original_content=original.text, tokens=original.tokens)

    async def ListMethods(self, request: pb.ListMethodsRequest, call: Call) -> pb.ListMethodsResponse:  # noqa: N802
        """Every method with the schema of its options."""
        await self._engine.get().admit(call.caller)
        return conversion.from_method_list(list_methods())

    async def Tokenize(self, request: pb.TokenizeRequest, call: Call) -> pb.TokenizeResponse:  # noqa: N802
        """Token counts; in a thread, because counting megabytes takes a while."""
        await self._engine.get().admit(call.caller)
        native = conversion.to_tokenize_request(request)
        return conversion.from_tokenize_response(await asyncio.to_thread(count_tokens, native))

    async def _outcomes(self, request: pb.CompressBatchRequest, call: Call) -> AsyncGenerator[pb.CompressBatchItem, None]:
        """The outcome of each request, as they finish; closing the generator cancels those that still run."""

        def work(each: pb.CompressRequest) -> Callable[[], Awaitable[pb.CompressResponse]]:
            return lambda: self.Compress(each, call)

        async with aclosing(run_batch(self._engine.get(), [work(each) for each in request.requests])) as outcomes:
            async for outcome in outcomes:
                yield _item(outcome)


def _item(outcome: BatchOutcome[pb.CompressResponse]) -> pb.CompressBatchItem:
    answer = outcome.answer
    if isinstance(answer, ServiceFailure):
        # gRPC has statuses for these, by which clients try again; they end the call.
        raise answer
    if not isinstance(answer, REPORTED):
        return pb.CompressBatchItem(index=outcome.index, result=answer)
    report = report_of(answer)
    note_error(report.code)
    return pb.CompressBatchItem(index=outcome.index, error=conversion.from_error(shortened(native_body(report))))


async def _converted(convert: Callable[[_From], _To], value: _From, large: bool) -> _To:
    """What `convert` makes of a value; of a large one in a thread, because megabytes of small values take a while."""
    return await asyncio.to_thread(convert, value) if large else convert(value)
