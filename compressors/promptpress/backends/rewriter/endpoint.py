"""Any endpoint that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptpress.backends.model_source import require
from promptpress.backends.rewriter import prompt
from promptpress.backends.rewriter.base import Draft, LLMUsage, RewriteFailed, RewriteJob
from promptpress.content import Replacement
from promptpress.runtime.cancellation import check

if TYPE_CHECKING:
    import openai

_POLL_SECONDS = 0.05


class EndpointRewriter:
    """Calls the endpoint from one event loop in a thread of its own, at most `concurrency` calls at a time in the process.

    A call with all its retries (408, 409, 429, 5xx and broken connections, with growing pauses or those of `Retry-After`)
    ends after `timeout` seconds. A request that is cancelled takes its calls with it.
    """

    generates = True

    def __init__(
        self, url: str, model: str, key: str | None = None, *, concurrency: int = 8, timeout: float = 30.0, retries: int = 2
    ) -> None:
        require(("openai",), "pip install 'promptpress[rewriter]'", "rewriter_url")
        self.name = f"{model}@{urlsplit(url).netloc.rpartition('@')[2]}/{prompt.VERSION}"
        self.workers = concurrency
        self._model = model
        self._timeout = timeout
        self._client_options: dict[str, Any] = {
            "base_url": url,
            "api_key": key or "none",
            "timeout": timeout,
            "max_retries": retries,
        }
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: openai.AsyncOpenAI | None = None
        self._slots: asyncio.Semaphore | None = None

    def rewrite(self, job: RewriteJob) -> Draft:
        """See Rewriter.rewrite."""
        future = asyncio.run_coroutine_threadsafe(self._ask(job), self._running())
        try:
            while True:
                check()
                try:
                    return future.result(_POLL_SECONDS)
                except TimeoutError:
                    if future.done():
                        raise RewriteFailed("timeout", transient=True) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Close connections and end the thread."""
        with self._lock:
            loop, client, self._loop, self._client = self._loop, self._client, None, None
        if loop is None or client is None:
            return
        _wait(client.close(), loop)
        loop.call_soon_threadsafe(loop.stop)

    async def _ask(self, job: RewriteJob) -> Draft:
        import openai

        assert self._client is not None
        assert self._slots is not None
        try:
            async with self._slots, asyncio.timeout(self._timeout):
                completion = await self._client.chat.completions.create(
                    model=self._model,
                    messages=prompt.messages(job),  # type: ignore[arg-type]
                    temperature=0,
                    seed=0,
                    max_tokens=prompt.most_new_tokens(job),
                )
        except (TimeoutError, openai.APITimeoutError):
            raise RewriteFailed("timeout", transient=True) from None
        except openai.RateLimitError:
            raise RewriteFailed("rate_limited", transient=True) from None
        except openai.APIStatusError as error:
            reason = (
                "endpoint_error"
                if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
                else f"endpoint_refused_{error.status_code}"
            )
            raise RewriteFailed(reason, transient=True) from None
        except (openai.OpenAIError, ValueError, TypeError):
            # What the client cannot make sense of: a broken connection, or an answer that is not of the protocol.
            raise RewriteFailed("unreachable", transient=True) from None
        return _draft(job, completion)

    def _running(self) -> asyncio.AbstractEventLoop:
        import openai

        # Not before the first call: a process may fork before that, and threads do not survive it.
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._slots = asyncio.Semaphore(self.workers)
                self._client = openai.AsyncOpenAI(**self._client_options)
                threading.Thread(target=self._loop.run_forever, name="rewriter", daemon=True).start()
            return self._loop


def _draft(job: RewriteJob, completion: Any) -> Draft:
    """The draft in an answer. Raises RewriteFailed for one that was refused or cut off, or that holds no text."""
    counted = getattr(completion, "usage", None)
    usage = LLMUsage(1, getattr(counted, "prompt_tokens", 0) or 0, getattr(counted, "completion_tokens", 0) or 0)
    choices = getattr(completion, "choices", None) or []
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        raise RewriteFailed("malformed", transient=True, usage=usage)
    if choices[0].finish_reason == "length":
        raise RewriteFailed("cut_off", usage=usage)
    if choices[0].finish_reason == "content_filter" or getattr(message, "refusal", None):
        raise RewriteFailed("refused", usage=usage)
    text = message.content
    if not isinstance(text, str) or not text.strip():
        raise RewriteFailed("empty", usage=usage)
    text = text.strip()
    return Draft(text, [Replacement(0, len(job.text), text)], usage)


def _wait(work: Coroutine[Any, Any, object], loop: asyncio.AbstractEventLoop) -> None:
    try:
        asyncio.run_coroutine_threadsafe(work, loop).result(2)
    except TimeoutError:
        return
