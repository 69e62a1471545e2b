"""Everything about running a request: the models, the queue, deadlines, and whether the service is ready."""

import asyncio
import time
from dataclasses import dataclass

from compressors import Compressor, build_compressor, pass_through
from compressors.cancellation import Cancellation, Cancelled
from compressors.encoder.embedded import available_cores
from compressors.request import CompressionRequest
from compressors.result import CompressionResult
from compressors.tokenization import register_tokenizer
from service.caller import ANYONE, Caller
from service.failures import NotReady
from service.scheduler import Scheduler
from service.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """A result and how it came about. `cache` is `hit`, `miss` or `off`; `queue_ms` the wait for a thread."""

    result: CompressionResult
    queue_ms: float
    cache: str = "off"


class Engine:
    """Owns the compressor and the threads it runs on. Lives on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready = False
        self.failure: str | None = None
        self._compressor: Compressor | None = None
        self._scheduler: Scheduler | None = None

    async def start(self) -> None:
        """Load and warm up the models in a thread; `ready` turns true when a request can be served."""
        try:
            self._compressor = await asyncio.to_thread(self._load)
        except Exception as error:
            self.failure = str(error)
            raise
        self._scheduler = Scheduler(self.settings.threads or available_cores(), self.settings.queue_size)
        self.ready = True

    def _load(self) -> Compressor:
        for name, path in self.settings.tokenizers.items():
            register_tokenizer(name, path)
        compressor = build_compressor(
            encoder=self.settings.encoder,
            threads=self.settings.threads,
            vector_cache_bytes=self.settings.vector_cache_mb * 1024 * 1024,
        )
        compressor.warm_up()
        return compressor

    async def compress(self, request: CompressionRequest, caller: Caller = ANYONE) -> Outcome:
        """Run one request in a thread.

        A request whose deadline passes comes back as it was, with the reason `deadline`; cancelling the call stops the
        work. Raises CompressionError for what the caller can set right, ServiceFailure for the rest.
        """
        compressor, scheduler = self._compressor, self._scheduler
        if compressor is None or scheduler is None:
            raise NotReady(self.failure or "models are loading; try again shortly", retry_after=1)
        started = time.perf_counter()
        milliseconds = request.deadline_ms or self.settings.default_deadline_ms
        cancellation = Cancellation(time.monotonic() + milliseconds / 1000 if milliseconds else None)
        try:
            result, waited = await scheduler.run(
                lambda: compressor.compress(request), request.characters, caller.tenant, cancellation
            )
        except Cancelled as stopped:
            if not stopped.deadline:
                raise
            result = await asyncio.to_thread(pass_through, request, "deadline")
            return Outcome(result, 1000 * (time.perf_counter() - started))
        return Outcome(result, waited)

    @property
    def queue_depth(self) -> int:
        """Requests that wait for a thread."""
        return self._scheduler.depth if self._scheduler else 0

    @property
    def in_flight(self) -> int:
        """Requests that run."""
        return self._scheduler.running if self._scheduler else 0

    @property
    def model_names(self) -> list[str]:
        """Models that are loaded."""
        return self._compressor.loaded_models() if self._compressor else []

    async def drain(self) -> None:
        """Wait until no request waits or runs."""
        if self._scheduler:
            await self._scheduler.drained()

    def close(self) -> None:
        """Release the threads; what still runs is asked to stop."""
        self.ready = False
        if self._scheduler:
            self._scheduler.close()
