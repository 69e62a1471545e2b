"""Asking a rewriter for drafts: which chunks, in which order, and what is done with what comes back."""

import contextvars
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from promptpress.backends.encoder.base import Encoder
from promptpress.backends.rewriter.base import Draft, LLMUsage, RewriteFailed, RewriteJob, Rewriter
from promptpress.backends.rewriter.cache import RewriteCache, key_of, pack, unpack
from promptpress.methods.scope.acceptance import far_away, objections
from promptpress.runtime.cancellation import check

_KEYWORD_ROOM = 0.9
"""Share of what is asked for that keywords may take; where they take more, no rewrite can hold them."""


@dataclass(frozen=True)
class Attempt:
    """What came of a job: an accepted draft, or the reason why there is none. `transient`: another time there may be one."""

    draft: Draft | None
    reason: str | None = None
    attempts: int = 0
    usage: LLMUsage = field(default_factory=LLMUsage)
    cached: bool = False
    transient: bool = False


@dataclass(frozen=True)
class Drafting:
    """A rewriter with what its drafts are checked by and kept in."""

    rewriter: Rewriter
    encoder: Encoder
    similarity: float
    cache: RewriteCache | None = None

    def attempts(self, jobs: Sequence[tuple[RewriteJob, float]]) -> Generator[Attempt, None, None]:
        """The outcome of each job (with the share its chunk may keep), in order, computed ahead as far as the rewriter has
        workers. Closing the generator cancels the jobs that have not started."""
        if self.rewriter.workers <= 1 or len(jobs) <= 1:
            for job, share in jobs:
                yield self.attempt(job, share)
            return
        with ThreadPoolExecutor(min(self.rewriter.workers, len(jobs)), thread_name_prefix="rewrite") as pool:
            ahead: list[Future[Attempt]] = []
            waiting = iter(jobs)

            def submit() -> None:
                for job, share in waiting:
                    # The context carries the cancellation and the tenant.
                    ahead.append(pool.submit(contextvars.copy_context().run, self.attempt, job, share))
                    return

            try:
                for _ in range(self.rewriter.workers):
                    submit()
                while ahead:
                    attempt = ahead.pop(0).result()
                    submit()
                    yield attempt
            finally:
                for future in ahead:
                    future.cancel()

    def attempt(self, job: RewriteJob, share: float) -> Attempt:
        """One job: from the cache, or a draft and, if it will not do, a second that is told what was wrong."""
        check()
        key = key_of(self.rewriter.name, job, share, self.similarity)
        stored = self.cache.get(key) if self.cache else None
        if stored is not None:
            return Attempt(unpack(stored), cached=True)
        if self.rewriter.generates and _keyword_tokens(job) > _KEYWORD_ROOM * job.most_tokens:
            return Attempt(None, "keywords_do_not_fit")
        usage, reason, complaints = LLMUsage(), "", list[str]()
        for number in (1, 2):
            try:
                draft = self.rewriter.rewrite(
                    RewriteJob(job.text, job.sentences, job.protected, job.keywords, job.most_tokens, job.count, complaints)
                )
            except RewriteFailed as failure:
                return Attempt(None, failure.reason, number, usage + failure.usage, transient=failure.transient)
            usage = usage + draft.usage
            if not draft.replacements and not self.rewriter.generates:
                return Attempt(None, "nothing_to_delete", number, usage)
            found = objections(job, draft)
            if not found and far_away(self.encoder, [(job, draft)], self.similarity)[0]:
                reason, complaints = (
                    "meaning_changed",
                    ["your answer strayed from the meaning of the text; stay close to it"],
                )
            elif found:
                reason, complaints = found[0].reason, [each.complaint for each in found]
            else:
                if self.cache:
                    self.cache.put(key, pack(draft))
                return Attempt(draft, attempts=number, usage=usage)
        return Attempt(None, reason, 2, usage)


def _keyword_tokens(job: RewriteJob) -> int:
    return job.count(" ".join(job.keywords)) if job.keywords else 0
