"""What a caller gets back: the same shape, shorter, with a receipt."""

from typing import Any, Literal

from pydantic import BaseModel, Field

Status = Literal["compressed", "unchanged"]
Reason = Literal["below_minimum", "no_gain", "already_within_target", "deadline", "not_compressible"]


class Usage(BaseModel):
    """Token counts by the target model's tokenizer."""

    tokens_before: int
    tokens_after: int
    tokens_saved: int
    ratio: float = Field(description="tokens_after / tokens_before; 1.0 for an empty input")
    tokenizer: str
    exact: bool = Field(description="False where the target model's own tokenizer is not published")


class TimingMs(BaseModel):
    """Milliseconds by stage."""

    score: float
    cut: float
    verify: float
    total: float


class CompressedDocument(BaseModel):
    """A document in its place; one that was dropped keeps its place with an empty text."""

    id: str | int | None = None
    title: str | None = None
    text: str
    metadata: dict[str, Any] | None = None
    dropped: bool = False
    relevance: float | None = Field(None, description="The method's score of the document for the query, if it has one")


class UnitScore(BaseModel):
    """One unit, its score, and whether it was kept."""

    start: int
    end: int
    score: float
    kept: bool


class LocatedScores(BaseModel):
    """The units of one text part of a chat message; `path` leads to it inside the message."""

    message: int
    path: list[str | int]
    scores: list[UnitScore]


class CompressionResult(BaseModel):
    """Exactly one of `text`, `texts`, `documents`, `messages` is set: the one that was sent."""

    text: str | None = None
    texts: list[str] | None = None
    documents: list[CompressedDocument] | None = None
    messages: list[dict[str, Any]] | None = None
    status: Status
    reason: Reason | None = Field(None, description="Why the input came back unchanged")
    method: str
    method_details: dict[str, Any] = Field(default_factory=dict)
    models: list[str] = Field(default_factory=list)
    usage: Usage
    timing_ms: TimingMs
    warnings: list[str] = Field(default_factory=list)
    spans: list[Any] | None = Field(
        None, description="[start, end) of the kept characters: one list for `text`, one for each item otherwise"
    )
    scores: list[UnitScore] | list[list[UnitScore]] | list[LocatedScores] | None = None
