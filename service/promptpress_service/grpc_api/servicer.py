"""The methods of the Compressor service."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol, TypeVar

from pydantic import ValidationError

from promptpress.errors import CompressionError, InvalidValue
from promptpress_service.cache.originals import UnknownOriginal, is_hash
from promptpress_service.dialects.catalogue import count_tokens, list_methods
from promptpress_service.dialects.native import response_of
from promptpress_service.engine.engine import Engine
from promptpress_service.grpc_api import conversion
from promptpress_service.grpc_api.boundary import Call
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb
from promptpress_service.grpc_api.status import NotOffered, shortened
from promptpress_service.http.errors import error_body
from promptpress_service.observability.records import CompressionRecord, current_record

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

    def __init__(self, engine: Engine, originals: Originals | None) -> None:
        self._engine = engine
        self._originals = originals

    async def Compress(self, request: pb.CompressRequest, call: Call) -> pb.CompressResponse:  # noqa: N802
        """One input."""
        large = request.ByteSize() > _INLINE_BYTES
        native = await _converted(conversion.to_request, request, large)
        outcome = await self._engine.compress(call.bounded(native), call.caller)
        record = CompressionRecord.of(outcome.result, native, outcome.queue_ms, outcome.cache)
        current_record().compressions.append(record)
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
        await self._engine.admit(call.caller)
        if not is_hash(request.hash):
            raise InvalidValue("a hash is 12 to 24 lower-case hex digits", "hash")
        original = await self._originals.get(call.caller.tenant, request.hash)
        if original is None:
            raise UnknownOriginal
        return pb.RetrieveResponse(hash=request.hash, original_content=original.text, tokens=original.tokens)

    async def ListMethods(self, request: pb.ListMethodsRequest, call: Call) -> pb.ListMethodsResponse:  # noqa: N802
        """Every method with the schema of its options."""
        await self._engine.admit(call.caller)
        return conversion.from_method_list(list_methods())

    async def Tokenize(self, request: pb.TokenizeRequest, call: Call) -> pb.TokenizeResponse:  # noqa: N802
        """Token counts; in a thread, because counting megabytes takes a while."""
        await self._engine.admit(call.caller)
        native = conversion.to_tokenize_request(request)
        return conversion.from_tokenize_response(await asyncio.to_thread(count_tokens, native))

    async def _outcomes(self, request: pb.CompressBatchRequest, call: Call) -> AsyncGenerator[pb.CompressBatchItem, None]:
        """The outcome of each request, as they finish; what still runs when nobody listens any more is cancelled."""
        limit = self._engine.settings.max_batch_items
        if len(request.requests) > limit:
            raise InvalidValue(f"at most {limit} requests in a batch; got {len(request.requests)}", "requests")
        turns = self._engine.turns()

        async def in_turn(index: int, each: pb.CompressRequest) -> pb.CompressBatchItem:
            async with turns:
                return await self._outcome(index, each, call)

        running = [asyncio.create_task(in_turn(i, each)) for i, each in enumerate(request.requests)]
        try:
            for finished in asyncio.as_completed(running):
                yield await finished
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _outcome(self, index: int, request: pb.CompressRequest, call: Call) -> pb.CompressBatchItem:
        try:
            result = await self.Compress(request, call)
        except (CompressionError, ValidationError) as error:
            return pb.CompressBatchItem(index=index, error=conversion.from_error(shortened(error_body(error))))
        return pb.CompressBatchItem(index=index, result=result)


async def _converted(convert: Callable[[_From], _To], value: _From, large: bool) -> _To:
    """What `convert` makes of a value; of a large one in a thread, because megabytes of small values take a while."""
    return await asyncio.to_thread(convert, value) if large else convert(value)
