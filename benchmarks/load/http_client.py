"""HTTP as cheap as a client can have it: one keep-alive connection, requests as ready bytes, answers split, not read.

A client library would take longer over a request than the service over a cached answer, and the two share the machine.
"""

import asyncio

from benchmarks.load.timing import Answer


class HttpConnection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._end = 0

    @classmethod
    async def open(cls, port: int) -> "HttpConnection":
        """Connect to this machine's port. Raises OSError."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def send(self, request: bytes) -> Answer:
        """The answer to a request of `encoded`. Raises ConnectionError when the server closes before it."""
        if self._transport is None or self.closed:
            raise ConnectionError("the server closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    async def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    @property
    def closed(self) -> bool:
        """Whether the server hung up, as it does when nothing was asked for a while."""
        return self._transport is None or self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._received += data
        if not self._end:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._end = end + 4 + int(_header(self._received[:end], b"content-length") or 0)
        if len(self._received) < self._end:
            return
        message = bytes(self._received[: self._end])
        del self._received[: self._end]
        self._end = 0
        if self._answer is not None and not self._answer.done():
            head, _, body = message.partition(b"\r\n\r\n")
            self._answer.set_result(Answer(int(head[9:12]), body, _header(head, b"retry-after") is not None))

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))


def encoded(body: bytes, path: str = "/v1/compress") -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _header(head: bytes | bytearray, name: bytes) -> bytes | None:
    at = head.lower().find(b"\r\n" + name + b":")
    if at < 0:
        return None
    return bytes(head[at + len(name) + 3 :].split(b"\r\n", 1)[0]).strip()
