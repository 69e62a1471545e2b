"""Everything about running a request: limits, cache, queue, deadline, and whether the service is ready."""

import asyncio
import time
from dataclasses import dataclass, field

from promptpress import Compressor, pass_through
from promptpress.backends.encoder.embedded import available_cores
from promptpress.backends.loader import ModelLoader
from promptpress.request import CompressionRequest
from promptpress.result import CompressionResult, TimingMs
from promptpress.runtime.cancellation import Cancellation
from promptpress.runtime.progress import Listener, listening
from promptpress.text.tokenization import counter_for, register_tokenizer
from promptpress_service.cache.result_cache import Found
from promptpress_service.engine.originals import shortened_pairs
from promptpress_service.engine.scheduler import Scheduler
from promptpress_service.engine.storage import Storage, working_for
from promptpress_service.failures import NotReady, StoreUnavailable
from promptpress_service.observability.metrics import Metrics
from promptpress_service.settings.settings import Settings
from promptpress_service.tenancy.caller import ANYONE, Caller
from promptpress_service.tenancy.rate_limits import RateLimits
from promptpress_service.version import package_version


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


_WAITING_FOR_ENDPOINT = 4
"""Further compressions at a time where a rewriter's endpoint is set."""


class Engine:
    """Owns the compressor, the queue and the stores. Lives on one event loop, that of `start`."""

    def __init__(self, settings: Settings, metrics: Metrics | None = None, models: ModelLoader | None = None) -> None:
        self.settings = settings
        self._models = models or ModelLoader(settings.encoder, settings.threads, settings.rewriter, settings.lm)
        self.metrics = metrics or Metrics(version=package_version())
        self.failure: str | None = None
        self.draining = False
        self._warm = False
        self._compressor: Compressor | None = None
        self._model_names: list[str] = []
        self._scheduler: Scheduler | None = None
        self._storage: Storage | None = None
        self._limits: RateLimits | None = None

    async def start(self) -> None:
        """Open the stores, load and warm up the models; `ready` turns true when a request can be served."""
        try:
            self._limits = RateLimits.from_settings(self.settings)
            self._storage = Storage.open(self.settings, self.metrics)
            self._compressor = await asyncio.to_thread(self._load, self._storage)
        except Exception as error:
            self.failure = str(error)
            raise
        wait = self.settings.max_wait_ms / 1000
        self._scheduler = Scheduler(self._side_by_side, self.settings.queue_size, wait, self._show_load)
        self._model_names = self._compressor.loaded_models()
        self._warm = True
        for model in ("encoder", "evidence", "rewriter"):
            self.metrics.set_model_loaded(model)
        self.metrics.set_ready(True)

    def _load(self, storage: Storage) -> Compressor:
        for name, path in self.settings.tokenizers.items():
            register_tokenizer(name, path)
        compressor = Compressor(self._models.models(storage.vectors, storage.scores, storage.rewrites))
        compressor.warm_up()
        # Loads what the default method does not need, so that a wrong setting stops the start.
        compressor.loaded_models()
        self._models.load_chosen()
        return compressor

    @property
    def ready(self) -> bool:
        """Warm, and not about to stop."""
        return self._warm and not self.draining

    async def admit(self, caller: Caller) -> None:
        """Count a request that compresses nothing against the caller's limits. Raises RateLimited."""
        if self._limits is None:
            raise self._not_ready()
        await self._limits.admit(caller)
        if self._limits.degraded:
            self.metrics.observe_fallback("limits")

    def show_stores(self) -> None:
        """Bring the breaker's gauge up to date. It moves with time too, so whoever asks how the service is asks this."""
        if self._storage and self._storage.state:
            self.metrics.set_breaker(self._storage.state.breaker)

    def _show_load(self, waiting: int, running: int) -> None:
        self.metrics.set_queue_depth(waiting)
        self.metrics.set_running(running)

    def _not_ready(self) -> NotReady:
        return NotReady(self.failure or "models are loading; try again shortly", retry_after=1)

    async def compress(
        self, request: CompressionRequest, caller: Caller = ANYONE, listener: Listener | None = None
    ) -> Outcome:
        """Run one request, or find its result in the cache. `listener` hears of progress, in the thread that works.

        A request whose deadline passes comes back as it was, with the reason `deadline`; cancelling the call stops the
        work. Raises CompressionError for what the caller can set right, ServiceFailure for the rest.
        """
        if self._compressor is None or self._scheduler is None or self._storage is None or self._limits is None:
            raise self._not_ready()
        if self.settings.redis_required and not await self._storage.reachable():
            raise StoreUnavailable
        await self.admit(caller)
        milliseconds = request.deadline_ms or self.settings.default_deadline_ms
        try:
            async with asyncio.timeout(milliseconds / 1000 if milliseconds else None):
                outcome = await self._cached(request, caller, listener)
        except TimeoutError:
            self.metrics.observe_fallback("deadline")
            outcome = Outcome(await asyncio.to_thread(pass_through, request, "deadline"), 0.0)
        finally:
            self.show_stores()
        await self._limits.record_tokens(caller, outcome.result.usage.tokens_before)
        return outcome

    async def find(self, request: CompressionRequest, caller: Caller = ANYONE) -> tuple[Outcome, Found] | None:
        """The outcome as `compress` would find it in this process's cache, in a fraction of the time, and what was found;
        None where it would have to do more than that. Raises RateLimited."""
        if self._storage is None or not self._warm or request.store_original:
            return None
        started = time.perf_counter()
        found = await self._storage.results.find(caller.tenant, self._described(request))
        if found is None:
            return None
        result = _found(found.value, started)
        await self._admit_hit(caller, result.usage.tokens_before)
        return Outcome(result, 0.0, "hit"), found

    async def holds(self, found: Found, caller: Caller, tokens: int) -> bool:
        """Whether what `find` found is still cached, for another equal request of so many tokens. Raises RateLimited."""
        if self._storage is None or not await self._storage.results.holds(found):
            return False
        await self._admit_hit(caller, tokens)
        return True

    async def _admit_hit(self, caller: Caller, tokens: int) -> None:
        assert self._limits is not None
        await self._limits.admit(caller)
        await self._limits.record_tokens(caller, tokens)

    def _described(self, request: CompressionRequest) -> list[str]:
        """All that a result depends on."""
        described = request.model_dump_json(exclude={"deadline_ms", "store_original"}, exclude_none=True)
        return [package_version(), *self.model_names, described]

    async def _cached(self, request: CompressionRequest, caller: Caller, listener: Listener | None) -> Outcome:
        assert self._storage is not None
        started = time.perf_counter()
        computed: list[Outcome] = []

        async def compute() -> bytes:
            computed.append(await self._run(request, caller, listener))
            if computed[0].result.method_details.get("complete") is False:
                raise _NotToBeKept(computed[0])
            return computed[0].result.model_dump_json(exclude_none=True).encode()

        try:
            value, status = await self._storage.results.get_or_compute(caller.tenant, self._described(request), compute)
        except _NotToBeKept as incomplete:
            value, status = b"", "miss"
            computed = [incomplete.outcome]
        if computed:
            outcome = Outcome(computed[0].result, computed[0].queue_ms, status)
        else:
            outcome = Outcome(_found(value, started), 0.0, status)
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
            if name is None:
                self.metrics.observe_fallback("originals")
            else:
                stored.append(StoredOriginal(item, name))
        return Outcome(outcome.result, outcome.queue_ms, outcome.cache, stored)

    def turns(self) -> asyncio.Semaphore:
        """For one batch: as many of its requests at a time as keep the threads busy, so that they do not fill the queue and
        get themselves refused."""
        return asyncio.Semaphore(self._side_by_side + 1)

    @property
    def _side_by_side(self) -> int:
        """Compressions at a time. One uses every thread for its model: two on two cores take twice as long each, and no less
        in all than one after the other. With more cores there is room for the parts of a compression that use one. Those
        that wait for a rewriter's endpoint use none, and must not hold up the others."""
        waiting = _WAITING_FOR_ENDPOINT if self.settings.rewriter_url else 0
        return max(1, (self.settings.threads or available_cores()) // 2) + waiting

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
        return self._model_names

    async def close(self) -> None:
        """Wait for what runs, release the threads, close the stores."""
        self.draining = True
        self.metrics.set_ready(False)
        if self._scheduler:
            self._scheduler.close()
        await asyncio.to_thread(self._models.close)
        if self._storage:
            await self._storage.close()
        if self._limits:
            await self._limits.close()


def _found(value: bytes, started: float) -> CompressionResult:
    """A result from the cache, with the time it took to find it."""
    result = CompressionResult.model_validate_json(value)
    result.timing_ms = TimingMs(score=0, cut=0, verify=0, total=round(1000 * (time.perf_counter() - started), 3))
    return result
