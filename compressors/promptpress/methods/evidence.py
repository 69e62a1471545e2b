"""The evidence model over what the coarse stage finds likely: question and passage are read together."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from promptpress.backends.cross_encoder.windows import Window, query_tokens, windows
from promptpress.backends.models import ModelRole
from promptpress.backends.windows import CROSS_ENCODER_TITLE_TOKENS
from promptpress.content import Kind, Passage, share_of_lines
from promptpress.methods.base import Method
from promptpress.methods.capabilities import StopsItself
from promptpress.methods.relevance import CoarseSignals, CoarseStage, names_something
from promptpress.scores import Scored, per_passage, standardise, within_margin

_READ_SHARE, _READ_LEAST, _READ_MOST = 0.5, 1000, 1400
_READ_LINES = 2400
"""Tokens read: half of the prose within bounds, for one and a half times the time of the coarse stage on long prompts;
of chats and logs more, where the coarse stage knows less and takes longer."""
# Chosen on samples of the public evaluation sets; docs/methods.md has the resulting table.
_SHORT, _SHORT_IN_CROWD, _LONG = 0.65, 0.4, 1.0
_SIMILARITY_LONG = 0.5
_BRIDGE = 0.7
_FEW, _MANY, _CROWD = 5, 10, 20
_PLAIN_IN_CROWD = 0.75
"""Share of a long question that counts as plain in a crowd of documents: there the length says little about its steps."""
_LOOKS, _LOOK_SPREAD = 4, 1.2
"""How many of the best units extend the question for a second look, and the lead in score that counts e times as much."""
_SECOND, _SAME_PASSAGE = 1.4, 0.5
_UNREAD = frozenset({Kind.JSON_MEMBER, Kind.CODE})


class EvidenceOptions(BaseModel):
    """Options of `evidence`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    read_tokens: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Most tokens the model reads, likeliest first; by default half, up to 1,400, of chats 2,400.",
    )
    second_look: bool = Field(
        True, description="Let the best sentences extend a question about names, to find what they lead to."
    )
    margin: float = Field(
        8.0, gt=0, le=50, description="Without a target: keep units whose score is within this margin of the best one's."
    )


class Evidence(Method[EvidenceOptions], StopsItself[EvidenceOptions]):
    """Keeps the sentences that a small cross-encoder, reading them beside the question, takes for evidence."""

    name = "evidence"
    summary = "A small model of our own reads the likeliest passages beside the question; added to what `hybrid` knows."
    query_use = "required"
    options_model: ClassVar[type[BaseModel]] = EvidenceOptions
    model_roles = (ModelRole.ENCODER, ModelRole.EVIDENCE)

    def score(self, passages: Sequence[Passage], query: str | None, options: EvidenceOptions) -> Scored:
        """score = s * z(similarity) + d * z(document) + w * z(BM25) + b * bridge + e * z(evidence).

        Evidence is standardised over the units that were read, and what was not read counts as the least of them. Windows
        of whole units are read in the order of their best unit by `hybrid`, but none of documents of JSON or code. In long
        questions, and among few documents, the evidence counts for more and similarity, of documents above all, for less.
        Among twenty documents and more it is the other way round, whatever the question's length: the more the model reads,
        the higher the best of its mistakes. What is found so is the start of a second look; see `_look_again`.
        """
        query = query or ""
        stage = CoarseStage(self._models, passages)
        signals = stage.signals(query)
        coarse = signals.score
        read, found = self._read(passages, query, coarse, options)
        if read.sum() < 2:
            return Scored(per_passage(passages, coarse), signals.relevance, {"read_units": 0, "second_look": False})
        evidence = np.full(len(coarse), -np.inf, dtype=np.float32)
        evidence[read] = standardise(found[read])
        evidence[~read] = evidence[read].min()
        evidence[~np.asarray([_readable(p) for p in passages])[stage.owner]] = 0
        documents = sum(bool(p.units) for p in passages)
        total = combined(signals, evidence, documents)
        weight = _second_weight(query, signals, documents) if options.second_look else 0.0
        if weight > 0:
            total = _look_again(stage, query, total, evidence, documents, weight)
        return Scored(
            per_passage(passages, total),
            _relevance(passages, signals, evidence, read),
            {"read_units": int(read.sum()), "second_look": weight > 0},
        )

    def stop(self, passages: Sequence[Passage], scored: Scored, options: EvidenceOptions) -> list[set[int]]:
        """Every unit within a margin of the best one's score."""
        return within_margin(scored, options.margin)

    def merge_details(self, details: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Units read of all parts together; parts without a question were scored by another method and are not counted."""
        read = [each for each in details if "read_units" in each]
        if not read:
            return super().merge_details(details)
        return {
            "read_units": sum(each["read_units"] for each in read),
            "second_look": any(each["second_look"] for each in read),
        }

    def _read(
        self, passages: Sequence[Passage], query: str, coarse: NDArray[np.float32], options: EvidenceOptions
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Which units were read, and their evidence."""
        encoder, reader = self._models.encoder(), self._models.evidence()
        tokens = encoder.tokenize([query, *(p.title for p in passages), *(p.text for p in passages)])
        titles, texts = tokens[1 : 1 + len(passages)], tokens[1 + len(passages) :]
        question = query_tokens(tokens[0].ids)
        first = np.cumsum([0, *(len(p.units) for p in passages)])
        candidates: list[tuple[float, int, Window]] = []
        for index, passage in enumerate(passages):
            if not _readable(passage):
                continue
            for window in windows(passage, texts[index]):
                owners = first[index] + np.unique(window.owners)
                candidates.append((float(coarse[owners].max()), index, window))
        candidates.sort(key=lambda candidate: -candidate[0])
        room = options.read_tokens
        if room is None:
            half = round(_READ_SHARE * sum(len(text.ids) for text in texts))
            room = _READ_LINES if share_of_lines(passages) > 0.5 else min(max(half, _READ_LEAST), _READ_MOST)
        chosen: list[tuple[int, Window]] = []
        for _, index, window in candidates:
            room -= len(question) + len(titles[index].ids[:CROSS_ENCODER_TITLE_TOKENS]) + len(window.ids)
            if room < 0:
                break
            chosen.append((index, window))
        readings = reader.score(question, [(titles[index].ids, window) for index, window in chosen])
        read, found = np.zeros(len(coarse), dtype=bool), np.full(len(coarse), -np.inf, dtype=np.float32)
        for (index, _), reading in zip(chosen, readings, strict=True):
            units = first[index] + reading.units
            read[units] = True
            found[units] = np.maximum(found[units], reading.scores + reading.passage)
        return read, found


def _readable(passage: Passage) -> bool:
    """Whether the model was trained on such text: JSON and code are left to the coarse stage, which knows them better."""
    foreign = sum(unit.kind in _UNREAD for unit in passage.units)
    return 2 * foreign <= len(passage.units)


def combined(signals: CoarseSignals, evidence: NDArray[np.float32], documents: int) -> NDArray[np.float32]:
    """The weighed sum of signals and standardised evidence (units,), by the number of documents; see Evidence.score."""
    many = float(np.clip((documents - _FEW) / (_MANY - _FEW), 0, 1))
    crowd = _crowd(documents)
    plain = many * (1 - signals.length * np.where(signals.alone, 1, 1 - crowd * _PLAIN_IN_CROWD))
    short = _SHORT + crowd * (_SHORT_IN_CROWD - _SHORT)
    by_words = np.where(signals.alone, signals.by_words, plain * signals.by_words + (1 - plain))
    total = (
        (_SIMILARITY_LONG + plain * (1 - _SIMILARITY_LONG)) * signals.similarity
        + plain * signals.by_document * signals.document
        + by_words * signals.lexical
        + _BRIDGE * signals.bridge
        + np.where(signals.alone, _LONG, _LONG + plain * (short - _LONG)) * evidence
    )
    return np.asarray(total, dtype=np.float32)


def _crowd(documents: int) -> float:
    return float(np.clip((documents - _MANY) / (_CROWD - _MANY), 0, 1))


def _second_weight(query: str, signals: CoarseSignals, documents: int) -> float:
    """What the second look counts: for prose and questions about names, more for a long one, less in a crowd or in words
    that the encoder does not know.
    """
    if 2 * signals.alone.sum() >= len(signals.alone) or not names_something(query):
        return 0.0
    return _SECOND * (1 + signals.length) / 2 * (1 - _crowd(documents)) * min(1.0, 2 - signals.opacity)


def _look_again(
    stage: CoarseStage,
    query: str,
    first: NDArray[np.float32],
    evidence: NDArray[np.float32],
    documents: int,
    weight: float,
) -> NDArray[np.float32]:
    """z(first) + weight * mean of z(second), on the scale of `first`; shapes (units,).

    Each of the best units is put behind the query and all units are scored again, by new similarities and word matches
    and the evidence that is known. A second score counts by the first one of the unit that led to it, half where it speaks
    for the same passage, and is neutral for that unit itself. This finds the second step of a question that one sentence
    cannot answer, as retrieval in turns does (Trivedi et al., arXiv 2212.10509), without a generator between the turns.
    """
    best = np.argsort(-first.round(5), kind="stable")[:_LOOKS]
    shares = np.exp((first[best] - first[best[0]]) / np.float32(_LOOK_SPREAD))
    shares /= shares.sum()
    again = np.zeros_like(first)
    for unit, share in zip(best.tolist(), shares, strict=True):
        second = standardise(combined(stage.extended_signals(query, unit), evidence, documents))
        second[(stage.owner == stage.owner[unit]) & (second > 0)] *= _SAME_PASSAGE
        second[unit] = 0
        again += share * second
    both = standardise(standardise(first) + np.float32(weight) * again)
    return np.asarray(both * first.std() + first.mean(), dtype=np.float32)


def _relevance(
    passages: Sequence[Passage], signals: CoarseSignals, evidence: NDArray[np.float32], read: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Of each passage: 1 to 2 by its best standardised evidence where it was read, else its similarity, which is below."""
    best = np.asarray(
        [units.max(initial=-np.inf) for units in per_passage(passages, np.where(read, evidence, -np.inf))], dtype=np.float32
    )
    seen = np.isfinite(best)
    return np.where(seen, 1 + 1 / (1 + np.exp(-np.where(seen, best, 0))), signals.relevance).astype(np.float32)
