"""Everything about running a request: limits, cache, queue, deadline, and whether the service is ready."""

import asyncio
import time
from dataclasses import dataclass, field

from compressors import Compressor, pass_through
from compressors.cancellation import Cancellation
from compressors.encoder.embedded import available_cores
from compressors.encoder.loading import LazyEncoder
from compressors.progress import Listener, listening
from compressors.request import CompressionRequest
from compressors.result import CompressionResult, TimingMs
from compressors.rewriting.loading import LazyRewriter
from compressors.tokenization import counter_for, register_tokenizer
from service.caller import ANYONE, Caller
from service.failures import NotReady, StoreUnavailable
from service.limits import RateLimits
from service.observability.metrics import Metrics
from service.pairs import shortened_pairs
from service.scheduler import Scheduler
from service.settings import Settings
from service.storage import Storage, working_for
from service.version import package_version


@dataclass(frozen=True)
class StoredOriginal:
    """Where the original of one shortened text can be had: its place among the texts of the request, and its hash."""

    item: int
    hash: str


@dataclass(frozen=True)
class Outcome:
    """A result and how it came about. `cache` is `hit`, `miss` or `off`; `queue_ms` the wait for a thread."""

    result: CompressionResult
    queue_ms: float
    cache: str = "off"
    originals: list[StoredOriginal] = field(default_factory=list)


class _NotToBeKept(Exception):
    """Carries a result past the cache: a rewriter failed in a way that may pass, so that the next one may be better."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("incomplete")
        self.outcome = outcome


class Engine:
    """Owns the compressor, the queue and the stores. Lives on one event loop, that of `start`."""

    def __init__(self, settings: Settings, metrics: Metrics | None = None, encoder: LazyEncoder | None = None) -> None:
        self.settings = settings
        self._encoder = encoder or LazyEncoder(settings.encoder, settings.threads)
        self._rewriter = LazyRewriter(settings.rewriter, settings.threads)
        self.metrics = metrics or Metrics(version=package_version())
        self.failure: str | None = None
        self.draining = False
        self._warm = False
        self._compressor: Compressor | None = None
        self._scheduler: Scheduler | None = None
        self._storage: Storage | None = None
        self._limits: RateLimits | None = None

    async def start(self) -> None:
        """Open the stores, load and warm up the models; `ready` turns true when a request can be served."""
        try:
            self._limits = RateLimits.from_settings(self.settings)
            self._storage = Storage.open(self.settings)
            self._compressor = await asyncio.to_thread(self._load, self._storage)
        except Exception as error:
            self.failure = str(error)
            raise
        self._scheduler = Scheduler(self.settings.threads or available_cores(), self.settings.queue_size)
        self._warm = True
        self.metrics.set_model_loaded("encoder")
        self.metrics.set_ready(True)

    def _load(self, storage: Storage) -> Compressor:
        for name, path in self.settings.tokenizers.items():
            register_tokenizer(name, path)
        compressor = Compressor(self._encoder, storage.vectors, self._rewriter, storage.rewrites)
        compressor.warm_up()
        # Loads what the default method does not need, so that a wrong setting stops the start.
        compressor.loaded_models()
        return compressor

    @property
    def ready(self) -> bool:
        """Warm, and not about to stop."""
        return self._warm and not self.draining

    async def compress(
        self, request: CompressionRequest, caller: Caller = ANYONE, listener: Listener | None = None
    ) -> Outcome:
        """Run one request, or find its result in the cache. `listener` hears of progress, in the thread that works.

        A request whose deadline passes comes back as it was, with the reason `deadline`; cancelling the call stops the
        work. Raises CompressionError for what the caller can set right, ServiceFailure for the rest.
        """
        if self._compressor is None or self._scheduler is None or self._storage is None or self._limits is None:
            raise NotReady(self.failure or "models are loading; try again shortly", retry_after=1)
        if self.settings.redis_required and not await self._storage.reachable():
            raise StoreUnavailable
        await self._limits.admit(caller)
        started = time.perf_counter()
        milliseconds = request.deadline_ms or self.settings.default_deadline_ms
        try:
            async with asyncio.timeout(milliseconds / 1000 if milliseconds else None):
                outcome = await self._cached(request, caller, listener)
        except TimeoutError:
            result = await asyncio.to_thread(pass_through, request, "deadline")
            return Outcome(result, 1000 * (time.perf_counter() - started))
        finally:
            self.metrics.set_queue_depth(self._scheduler.depth)
        await self._limits.record_tokens(caller, outcome.result.usage.tokens_before)
        return outcome

    async def _cached(self, request: CompressionRequest, caller: Caller, listener: Listener | None) -> Outcome:
        assert self._storage is not None
        started = time.perf_counter()
        computed: list[Outcome] = []

        async def compute() -> bytes:
            computed.append(await self._run(request, caller, listener))
            if computed[0].result.method_details.get("complete") is False:
                raise _NotToBeKept(computed[0])
            return computed[0].result.model_dump_json(exclude_none=True).encode()

        described = request.model_dump_json(exclude={"deadline_ms", "store_original"}, exclude_none=True)
        parts = [package_version(), *self.model_names, described]
        try:
            value, status = await self._storage.results.get_or_compute(caller.tenant, parts, compute)
        except _NotToBeKept as incomplete:
            value, status = b"", "miss"
            computed = [incomplete.outcome]
        self.metrics.observe_cache("results", status)
        if computed:
            outcome = Outcome(computed[0].result, computed[0].queue_ms, status)
        else:
            result = CompressionResult.model_validate_json(value)
            total = round(1000 * (time.perf_counter() - started), 3)
            result.timing_ms = TimingMs(score=0, cut=0, verify=0, total=total)
            outcome = Outcome(result, 0.0, status)
        return await self._with_originals(request, caller, outcome) if request.store_original else outcome

    async def _run(self, request: CompressionRequest, caller: Caller, listener: Listener | None) -> Outcome:
        compressor, scheduler = self._compressor, self._scheduler
        assert compressor is not None
        assert scheduler is not None

        def work() -> CompressionResult:
            with working_for(caller.tenant), listening(listener):
                return compressor.compress(request)

        result, waited = await scheduler.run(work, request.characters, caller.tenant, Cancellation())
        return Outcome(result, waited)

    async def _with_originals(self, request: CompressionRequest, caller: Caller, outcome: Outcome) -> Outcome:
        assert self._storage is not None
        count = counter_for(request.model, request.tokenizer).count
        stored = []
        for item, original in shortened_pairs(request, outcome.result):
            name = await self._storage.originals.put(caller.tenant, original, await asyncio.to_thread(count, original))
            if name is not None:
                stored.append(StoredOriginal(item, name))
        return Outcome(outcome.result, outcome.queue_ms, outcome.cache, stored)

    @property
    def storage(self) -> Storage | None:
        """The stores, once `start` has opened them."""
        return self._storage

    @property
    def limits(self) -> RateLimits | None:
        """The rate limits, once `start` has set them up."""
        return self._limits

    @property
    def model_names(self) -> list[str]:
        """Models that are loaded."""
        return self._compressor.loaded_models() if self._compressor else []

    async def close(self) -> None:
        """Wait for what runs, release the threads, close the stores."""
        self.draining = True
        self.metrics.set_ready(False)
        if self._scheduler:
            self._scheduler.close()
        await asyncio.to_thread(self._rewriter.close)
        if self._storage:
            await self._storage.close()
        if self._limits:
            await self._limits.close()
