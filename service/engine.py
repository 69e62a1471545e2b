"""Runs compressions off the event loop, and knows whether the models are ready."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from compressors import Compressor, build_compressor
from compressors.encoder.embedded import available_cores
from compressors.request import CompressionRequest
from compressors.result import CompressionResult
from compressors.tokenization import register_tokenizer
from service.caller import ANYONE, Caller
from service.failures import NotReady
from service.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """A result and how it came about. `cache` is `hit`, `miss` or `off`; `queue_ms` the wait for a thread."""

    result: CompressionResult
    queue_ms: float
    cache: str = "off"


class Engine:
    """Owns the compressor and the threads it runs on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready = False
        self.failure: str | None = None
        self._compressor: Compressor | None = None
        self._pool = ThreadPoolExecutor(settings.threads or available_cores(), thread_name_prefix="compress")

    async def start(self) -> None:
        """Load and warm up the models in a thread; `ready` turns true when a request can be served."""
        try:
            self._compressor = await asyncio.get_running_loop().run_in_executor(self._pool, self._load)
            self.ready = True
        except Exception as error:
            self.failure = str(error)
            raise

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
        """Run one request in a thread. Raises CompressionError for what the caller can set right, ServiceFailure else."""
        if self._compressor is None:
            raise NotReady(self.failure or "models are loading; try again shortly", retry_after=1)
        compressor = self._compressor
        queued = time.perf_counter()

        def run() -> Outcome:
            waited = 1000 * (time.perf_counter() - queued)
            return Outcome(compressor.compress(request), waited)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    @property
    def model_names(self) -> list[str]:
        """Models that are loaded."""
        return self._compressor.loaded_models() if self._compressor else []

    def close(self) -> None:
        """Let running requests finish and release the threads."""
        self._pool.shutdown(wait=True)
