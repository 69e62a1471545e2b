"""From settings to a rewriter."""

from dataclasses import dataclass

from promptpress.backends.model_source import EMBEDDED, folder_or_id
from promptpress.backends.rewriter.base import Rewriter
from promptpress.backends.rewriter.deletion import DeletionRewriter


@dataclass(frozen=True)
class RewriterSettings:
    """`model` is `embedded`, the name of an endpoint's model where there is a `url`, else a local folder or Hugging Face id.

    `concurrency` calls run at a time; `timeout` is in seconds for a call with its `retries`.
    """

    model: str = EMBEDDED
    url: str | None = None
    key: str | None = None
    concurrency: int = 8
    timeout: float = 30.0
    retries: int = 2


def load_rewriter(settings: RewriterSettings, threads: int | None = None) -> Rewriter:
    """The rewriter of the settings. Only an endpoint imports openai, only a local model torch. Raises ModelUnavailable."""
    if settings.url:
        from promptpress.backends.rewriter.endpoint import EndpointRewriter

        return EndpointRewriter(
            settings.url,
            settings.model,
            settings.key,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            retries=settings.retries,
        )
    if settings.model == EMBEDDED:
        return DeletionRewriter()
    from promptpress.backends.rewriter.hugging_face import HuggingFaceRewriter

    return HuggingFaceRewriter(folder_or_id(settings.model), threads)
