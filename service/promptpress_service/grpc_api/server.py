"""The gRPC server: the Compressor service, health and reflection on one port."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from promptpress_service.engine.handle import EngineHandle
from promptpress_service.grpc_api.boundary import Authenticate, Boundary
from promptpress_service.grpc_api.generated import promptpress_pb2, promptpress_pb2_grpc
from promptpress_service.grpc_api.servicer import CompressorServicer, Originals
from promptpress_service.observability.observer import Observer
from promptpress_service.tenancy.caller import ANYONE, Caller

SERVICE: str = promptpress_pb2.DESCRIPTOR.services_by_name["Compressor"].full_name
_READINESS_POLL_S = 0.1


@dataclass(frozen=True)
class Tls:
    """Paths of a certificate chain and its private key, both PEM."""

    certificate: Path
    key: Path


def anyone(_: Mapping[str, str]) -> Caller:
    """Takes every call, whatever its metadata: for servers without keys."""
    return ANYONE


class GrpcServer:
    """Serves an engine that somebody else opens and closes.

    `port` 0 takes a free one; `start` returns it. `authenticate` gets the call's metadata, names in lower case, and raises a
    ServiceFailure with status 401 or 403; health and reflection do not ask it. Every call is observed.
    `reuse_port` lets several processes share the port. Requests are at most `max_message_bytes` long.
    """

    def __init__(
        self,
        engine: EngineHandle,
        host: str,
        port: int,
        *,
        observer: Observer,
        authenticate: Authenticate = anyone,
        originals: Originals | None = None,
        tls: Tls | None = None,
        reuse_port: bool = False,
        max_message_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self._engine = engine
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._servicer = CompressorServicer(engine, originals)
        self._authenticate = authenticate
        self._observer = observer
        self._tls = tls
        self._reuse_port = reuse_port
        self._max_message_bytes = max_message_bytes
        self._server: Any = None

    async def start(self) -> int:
        """Listen; the port. Raises OSError if the address is taken or a TLS file cannot be read."""
        credentials = self._credentials()
        self._boundary = Boundary(SERVICE, self._authenticate, self._observer)
        self._server = grpc.aio.server(
            interceptors=(self._boundary,),
            options=(
                ("grpc.max_receive_message_length", self._max_message_bytes),
                # Spans and scores may well be longer than the text they speak of.
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", int(self._reuse_port)),
            ),
        )
        promptpress_pb2_grpc.add_CompressorServicer_to_server(self._servicer, self._server)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        try:
            port: int = (
                self._server.add_secure_port(self._address, credentials)
                if credentials
                else self._server.add_insecure_port(self._address)
            )
        except RuntimeError as error:
            raise OSError(
                f"cannot listen on {self._address} for gRPC; is the port taken? set PROMPTPRESS_GRPC_PORT to a free one"
            ) from error
        await self._tell_health()
        await self._server.start()
        self._following = asyncio.create_task(self._follow_readiness())
        return port

    async def drain(self) -> None:
        """Say NOT_SERVING from now on, while calls are still taken and answered."""
        self._following.cancel()
        with suppress(asyncio.CancelledError):
            await self._following
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float) -> None:
        """Drain, refuse new calls, give those that run `grace` seconds, then cancel them."""
        await self.drain()
        self._boundary.close()
        await self._server.stop(grace)

    def _credentials(self) -> Any:
        if self._tls is None:
            return None
        return grpc.ssl_server_credentials([(self._tls.key.read_bytes(), self._tls.certificate.read_bytes())])

    async def _follow_readiness(self) -> None:
        told = self._engine.ready
        while True:
            await asyncio.sleep(_READINESS_POLL_S)
            if self._engine.ready != told:
                told = await self._tell_health()

    async def _tell_health(self) -> bool:
        ready = self._engine.ready
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", SERVICE):
            await self._health.set(name, status)
        return ready
