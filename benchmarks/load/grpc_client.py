"""gRPC without messages: one channel, requests and answers as the bytes that go over the wire."""

import grpc.aio

from benchmarks.load.timing import Answer

_METHOD = "/promptpress.v1.Compressor/Compress"
_STATUS = {grpc.StatusCode.RESOURCE_EXHAUSTED: 429}


class GrpcConnection:
    """One channel with a connection of its own."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._call = channel.unary_unary(_METHOD)

    @classmethod
    async def open(cls, port: int) -> "GrpcConnection":
        """Connect to this machine's port."""
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
        await channel.channel_ready()
        return cls(channel)

    async def send(self, request: bytes) -> Answer:
        """The answer to a serialised CompressRequest."""
        try:
            return Answer(200, await self._call(request))
        except grpc.aio.AioRpcError as error:
            return Answer(_STATUS.get(error.code(), 500))

    @property
    def closed(self) -> bool:
        """Channels connect again by themselves."""
        return False

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()
