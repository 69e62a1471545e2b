"""What a run of the pipeline is asked, what it knows so far, and what comes out."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from promptpress.content import Passage
from promptpress.content.render import Rendered
from promptpress.methods.base import Method
from promptpress.methods.capabilities import RewrittenPassages
from promptpress.pipeline.parts import Parts
from promptpress.pipeline.protection import KeepTags
from promptpress.result import Reason
from promptpress.scores import Scored, Tiers, UnitRef
from promptpress.text.spans import Span
from promptpress.text.tokenization import TokenCounter

if TYPE_CHECKING:
    import re2

MINIMUM_TOKENS = 8
"""With a target ratio, shorter inputs come back as they are: there is nothing in them to choose from."""
Stage = Literal["score", "cut", "verify"]
"""The stages of `timing_ms`."""


@dataclass(frozen=True)
class Target:
    """What the caller asked for: a ratio, a number of tokens, or neither.

    `reserved` is tokens of text that counts but is not the task's to shorten, such as the question beside a context.
    """

    ratio: float | None = None
    tokens: int | None = None
    reserved: int = 0

    def budget(self, tokens_before: int) -> int | None:
        """Most tokens of the task's result, below 0 where what is reserved exceeds the target; None without a target."""
        if self.tokens is not None:
            return self.tokens - self.reserved
        if self.ratio is None:
            return None
        # Without the addend, 0.29 * 100 would allow 28 tokens.
        return math.floor(self.ratio * (tokens_before + self.reserved) + 1e-9) - self.reserved


@dataclass(frozen=True)
class Protection:
    """What must stay: `level` is `facts`, `strict` or `none`; matches of the compiled `patterns` stay at every level."""

    level: str
    patterns: Sequence["re2._Regexp[str]"] = ()

    @property
    def facts(self) -> bool:
        """Whether a sentence that is kept keeps its facts."""
        return self.level != "none"

    @property
    def strict(self) -> bool:
        """Whether no fact is dropped at all."""
        return self.level == "strict"


@dataclass(frozen=True)
class Task:
    """(title, text) pairs that share one target, and how to compress them.

    `protected` (texts,) are spans of each text that must stay; empty: none. `owners` (texts,) says which item each text is a
    part of: none of these items may come out empty; empty: all may. With a ratio, fewer than `min_tokens` are left alone.
    """

    texts: Sequence[tuple[str, str]]
    query: str | None
    target: Target
    method: Method[Any]
    options: BaseModel
    protection: Protection
    counter: TokenCounter
    protected: Sequence[Sequence[Span]] = ()
    owners: Sequence[int] = ()
    min_tokens: int = MINIMUM_TOKENS


@dataclass
class State:
    """What is known of a task after the stages that have run; lists are aligned with `task.texts`.

    Token counts are exact, by `task.counter`.
    """

    task: Task
    tokens_before: int = 0
    budget: int | None = None
    """Most tokens of the result; None without a target."""
    tags: list[KeepTags] = field(default_factory=list)
    segmented: list[Passage] = field(default_factory=list)
    """The passages before requirements between sentences were added."""
    passages: list[Passage] = field(default_factory=list)
    scored: Scored | None = None
    parts: Parts = field(default_factory=lambda: Parts([], [], [], 0))
    """The passages that the texts consist of, as the method scored them."""
    part_scores: Scored = field(default_factory=lambda: Scored([]))
    protected: list[set[int]] = field(default_factory=list)
    rewritten: RewrittenPassages | None = None
    tiers: list[Tiers] | None = None
    """Which units are selected before others, whatever their scores; None if all are equal."""
    rendered: list[Rendered] = field(default_factory=list)
    kept: list[set[int]] = field(default_factory=list)
    """Units of each passage that are in `rendered`."""
    refused: set[UnitRef] = field(default_factory=set)
    """Units that were rolled back, and are not selected again."""
    fillers: set[UnitRef] = field(default_factory=set)
    """Units that are not relevant enough to stand in for the best one, which did not fit."""
    tokens_after: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: dict[Stage, float] = field(default_factory=lambda: {"score": 0.0, "cut": 0.0, "verify": 0.0})

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Add the wall time of the block to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started

    @property
    def scores(self) -> Scored:
        """The scores, once the method has run."""
        assert self.scored is not None
        return self.scored


@dataclass
class PipelineResult:
    """The outcome of a task; `rendered`, `passages` and `kept` are aligned with its texts.

    `reason` says why everything is as it was, and is None where something was shortened. `scored` is None where the method
    did not run. `seconds` by stage.
    """

    rendered: list[Rendered]
    tokens_before: int
    tokens_after: int
    reason: Reason | None = None
    passages: list[Passage] = field(default_factory=list)
    kept: list[set[int]] = field(default_factory=list)
    scored: Scored | None = None
    details: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[Stage, float] = field(default_factory=lambda: {"score": 0.0, "cut": 0.0, "verify": 0.0})
