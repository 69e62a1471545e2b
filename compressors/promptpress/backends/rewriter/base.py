"""The interface of a rewriter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from promptpress.content import Replacement
from promptpress.text.spans import Span


@dataclass(frozen=True)
class RewriteJob:
    """One chunk to be written anew.

    `sentences` and `protected` are spans of `text`; `keywords` must occur word for word in what is written; `most_tokens`
    is counted by `count`, the target model's tokenizer; `complaints` are the reasons why a first draft was refused.
    """

    text: str
    sentences: Sequence[Span]
    protected: Sequence[Span]
    keywords: Sequence[str]
    most_tokens: int
    count: Callable[[str], int]
    complaints: Sequence[str] = ()


@dataclass(frozen=True)
class LLMUsage:
    """What drafts cost: calls, and tokens as the model that wrote them counts them."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "LLMUsage") -> "LLMUsage":
        """Both together."""
        return LLMUsage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True)
class Draft:
    """What a rewriter wrote: the text, and the replacements that make it out of the chunk, as spans of the chunk's text."""

    text: str
    replacements: Sequence[Replacement] = ()
    usage: LLMUsage = field(default_factory=LLMUsage)


class RewriteFailed(Exception):
    """No draft. `reason` is one word for the receipt; `transient`: the same job may succeed later."""

    def __init__(self, reason: str, transient: bool = False, usage: LLMUsage | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient
        self.usage = usage or LLMUsage()


class Rewriter(Protocol):
    """Writes chunks anew. Safe to share between threads."""

    name: str
    """Identifies the model and the prompt; part of every cache key."""
    workers: int
    """How many jobs it takes at a time."""
    generates: bool
    """Whether it writes new text; otherwise it only deletes, and what stays is verbatim."""

    def rewrite(self, job: RewriteJob) -> Draft:
        """A shorter text for a job. Raises RewriteFailed, or Cancelled when the calling thread's work is cancelled."""

    def close(self) -> None:
        """Release connections and threads."""
