"""Everything about running a request: limits, cache, queue, deadline, and what is written down about it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from promptpress import Compressor, pass_through
from promptpress.backends.encoder.embedded import available_cores
from promptpress.backends.loader import ModelLoader
from promptpress.result import CompressionResult, TimingMs
from promptpress.runtime.cancellation import Cancellation
from promptpress.runtime.progress import Listener, listening
from promptpress.text.tokenization import counter_for, register_tokenizer
from promptpress_service.cache.result_cache import CacheEntry
from promptpress_service.engine.computed import Computed
from promptpress_service.engine.originals import shortened_pairs
from promptpress_service.engine.outcome import Outcome, StoredOriginal
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.engine.scheduler import Scheduler
from promptpress_service.engine.storage import Storage, working_for
from promptpress_service.failures import StoreUnavailable
from promptpress_service.observability.metrics import Metrics
from promptpress_service.observability.records import CompressionRecord, note_compression
from promptpress_service.tenancy.caller import ANYONE, Caller
from promptpress_service.tenancy.rate_limits import RateLimits

_WAITING_FOR_ENDPOINT = 4
"""Further compressions at a time where a rewriter's endpoint is set."""


@dataclass(frozen=True)
class EngineOptions:
    """How requests are run.

    `concurrency` is compressions at a time, see the function of this name. At most `queue_size` wait, none of them for
    longer than about `max_wait_seconds`. `default_deadline_ms` and `min_tokens` are those of requests without
    one. With `store_required` requests fail while the shared store does not answer. `tokenizers` are paths of
    `tokenizer.json` by name. `version` is a part of what results depend on.
    """

    concurrency: int = 1
    queue_size: int = 256
    max_wait_seconds: float = 1.0
    max_batch_items: int = 100
    default_deadline_ms: int | None = None
    min_tokens: int | None = None
    store_required: bool = False
    tokenizers: Mapping[str, Path] = field(default_factory=dict)
    version: str = "0"


@dataclass(frozen=True)
class CacheHit:
    """A result found in this process's cache: its outcome, where it is stored, and what was written down about it."""

    outcome: Outcome
    entry: CacheEntry
    record: CompressionRecord


def concurrency(threads: int | None, waits_for_endpoint: bool) -> int:
    """Compressions at a time on so many CPU threads; None stands for the cores that this process may use.

    One compression uses every thread for its model: two on two cores take twice as long each, and no less in all than one
    after the other. With more cores there is room for the parts of a compression that use one. Those that wait for a
    rewriter's endpoint use none, and must not keep the others from running.
    """
    return max(1, (threads or available_cores()) // 2) + (_WAITING_FOR_ENDPOINT if waits_for_endpoint else 0)


class Engine:
    """Owns the compressor and the queue, and uses the stores. Lives on the event loop of `open`."""

    def __init__(
        self, compressor: Compressor, storage: Storage, limits: RateLimits, metrics: Metrics, options: EngineOptions
    ) -> None:
        """Takes a compressor that is warm; see `open`."""
        self.metrics = metrics
        self.model_names: list[str] = compressor.loaded_models()
        self.options = options
        self._compressor = compressor
        self._storage = storage
        self._limits = limits
        self._scheduler = Scheduler(options.concurrency, options.queue_size, options.max_wait_seconds, self._show_load)

    @classmethod
    async def open(
        cls, models: ModelLoader, storage: Storage, limits: RateLimits, metrics: Metrics, options: EngineOptions
    ) -> Self:
        """Load and warm up the models, in a thread. Raises ModelUnavailable, or InvalidValue for a tokenizer."""
        compressor = await asyncio.to_thread(_load, models, storage, options.tokenizers)
        engine = cls(compressor, storage, limits, metrics, options)
        for model in ("encoder", "evidence", "rewriter"):
            metrics.set_model_loaded(model)
        return engine

    async def admit(self, caller: Caller) -> None:
        """Count a request that compresses nothing against the caller's limits. Raises RateLimited."""
        await self._limits.admit(caller)
        if self._limits.degraded:
            self.metrics.observe_fallback("limits")

    def show_stores(self) -> None:
        """Bring the breaker's gauge up to date. It moves with time too, so reports on health ask for this."""
        if self._storage.state:
            self.metrics.set_breaker(self._storage.state.breaker)

    def _show_load(self, waiting: int, running: int) -> None:
        self.metrics.set_queue_depth(waiting)
        self.metrics.set_running(running)

    async def compress(self, request: ServiceRequest, caller: Caller = ANYONE, listener: Listener | None = None) -> Outcome:
        """Run one request, or find its result in the cache. `listener` hears of progress, in the thread that works.

        A request whose deadline passes comes back as it was, with the reason `deadline`; cancelling the call stops the
        work. The compression is added to the record of the request being served. Raises CompressionError for what the
        caller can set right, ServiceFailure for the rest.
        """
        if self.options.store_required and not await self._storage.reachable():
            raise StoreUnavailable
        await self.admit(caller)
        request = self._completed(request)
        milliseconds = request.deadline_ms or self.options.default_deadline_ms
        try:
            async with asyncio.timeout(milliseconds / 1000 if milliseconds else None):
                outcome = await self._cached(request, caller, listener)
        except TimeoutError:
            self.metrics.observe_fallback("deadline")
            outcome = Outcome(await asyncio.to_thread(pass_through, request, "deadline"), 0.0)
        finally:
            self.show_stores()
        await self._limits.record_tokens(caller, outcome.result.usage.tokens_before)
        note_compression(_record(outcome, request))
        return outcome

    async def find(self, request: ServiceRequest, caller: Caller = ANYONE) -> CacheHit | None:
        """What `compress` would find in this process's cache, in a fraction of the time; None where it would have to do
        more than that. Raises RateLimited."""
        if request.store_original:
            return None
        started = time.perf_counter()
        request = self._completed(request)
        found = await self._storage.results.find(caller.tenant, self._described(request))
        if found is None:
            return None
        computed, entry = found
        outcome = Outcome(_timed(computed.result, started), 0.0, "hit")
        record = _record(outcome, request)
        await self._admit_hit(caller, record)
        return CacheHit(outcome, entry, record)

    async def still_cached(self, entry: CacheEntry, caller: Caller, record: CompressionRecord) -> bool:
        """Whether what `find` found is still cached, for another equal request. Raises RateLimited."""
        if not await self._storage.results.still_cached(entry):
            return False
        await self._admit_hit(caller, replace(record, finished_ns=time.time_ns()))
        return True

    async def _admit_hit(self, caller: Caller, record: CompressionRecord) -> None:
        await self._limits.admit(caller)
        await self._limits.record_tokens(caller, record.tokens_before)
        note_compression(record)

    def _completed(self, request: ServiceRequest) -> ServiceRequest:
        """The request with this service's settings for what it leaves open and a result depends on."""
        if request.min_tokens is not None or self.options.min_tokens is None:
            return request
        return request.model_copy(update={"min_tokens": self.options.min_tokens})

    def _described(self, request: ServiceRequest) -> list[str]:
        """All that a result depends on."""
        described = request.model_dump_json(exclude={"deadline_ms", "store_original"}, exclude_none=True)
        return [self.options.version, *self.model_names, described]

    async def _cached(self, request: ServiceRequest, caller: Caller, listener: Listener | None) -> Outcome:
        started = time.perf_counter()

        async def compute() -> Computed:
            return await self._run(request, caller, listener)

        computed, status = await self._storage.results.get_or_compute(caller.tenant, self._described(request), compute)
        if status == "hit":
            outcome = Outcome(_timed(computed.result, started), 0.0, status)
        else:
            outcome = Outcome(computed.result, computed.queue_ms, status)
        return await self._with_originals(request, caller, outcome) if request.store_original else outcome

    async def _run(self, request: ServiceRequest, caller: Caller, listener: Listener | None) -> Computed:
        def work() -> CompressionResult:
            with working_for(caller.tenant), listening(listener):
                return self._compressor.compress(request)

        result, waited = await self._scheduler.run(work, request.characters, caller.tenant, Cancellation())
        return Computed(result, waited)

    async def _with_originals(self, request: ServiceRequest, caller: Caller, outcome: Outcome) -> Outcome:
        count = counter_for(request.model, request.tokenizer).count
        stored: list[StoredOriginal] = []
        lost: list[str] = []
        for item, original in shortened_pairs(request, outcome.result):
            tokens = await asyncio.to_thread(count, original)
            name = await self._storage.originals.put(caller.tenant, original, tokens)
            if name is None:
                self.metrics.observe_fallback("originals")
                lost.append(f"the original of item {item} could not be stored; keep your own copy of it")
            else:
                stored.append(StoredOriginal(item, name))
        result = outcome.result
        if lost:
            # A copy: the cache shares the result with other callers.
            result = result.model_copy(update={"warnings": [*result.warnings, *lost]})
        return replace(outcome, result=result, originals=stored)

    def batch_slots(self) -> asyncio.Semaphore:
        """For one batch: as many of its requests at a time as keep the threads busy, so that they do not fill the queue and
        get themselves refused."""
        return asyncio.Semaphore(self.options.concurrency + 1)

    async def close(self) -> None:
        """Stop what runs and release the threads. Models, stores and limits are closed by their owner."""
        await asyncio.to_thread(self._scheduler.close)


def _load(models: ModelLoader, storage: Storage, tokenizers: Mapping[str, Path]) -> Compressor:
    for name, path in tokenizers.items():
        register_tokenizer(name, path)
    compressor = Compressor(models.models(storage.vectors, storage.scores, storage.rewrites))
    compressor.warm_up()
    # Loads what the default method does not need, so that a wrong setting stops the start.
    compressor.loaded_models()
    models.load_chosen()
    return compressor


def _record(outcome: Outcome, request: ServiceRequest) -> CompressionRecord:
    return CompressionRecord.of(outcome.result, request, outcome.queue_ms, outcome.cache)


def _timed(result: CompressionResult, started: float) -> CompressionResult:
    """A copy of a result from the cache, with the time it took to find it."""
    milliseconds = round(1000 * (time.perf_counter() - started), 3)
    return result.model_copy(update={"timing_ms": TimingMs(score=0, cut=0, verify=0, total=milliseconds)})
