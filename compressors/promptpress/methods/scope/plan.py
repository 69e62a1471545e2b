"""What a rewriting method hands back to the cut: passages with rewrites in them, and which units to prefer."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from promptpress.backends.rewriter.base import Draft
from promptpress.content import Passage, Replacement, Unit
from promptpress.methods.scope.chunking import Chunk
from promptpress.scores import Tiers

_WITHIN_SHARE, _WHOLE = 1, 2
"""Tiers of the units inside their chunk's share, and of all units of a chunk that stays whole; other units are in tier 0."""


@dataclass
class Treatment:
    """What was decided for a chunk and why: its share of its own tokens, and the draft that was accepted, if any.

    `preferred` are units inside the share, all of them for a chunk that is to stay `whole`; `reason` says why there is no
    draft; `attempts` counts drafts.
    """

    chunk: Chunk
    importance: float
    share: float
    preferred: set[int] = field(default_factory=set)
    draft: Draft | None = None
    reason: str | None = None
    attempts: int = 0
    cached: bool = False
    whole: bool = False


@dataclass
class Plan:
    """Passages as rewritten, with scores, tiers and protected units aligned to them."""

    passages: list[Passage]
    scores: list[np.ndarray]
    tiers: list[Tiers]
    protected: list[set[int]]
    summary: dict[str, Any]
    _treatments: list[Treatment]
    _moved: list[list[int]]
    """For each passage the new index of each of its old units."""

    def details(self, kept: Sequence[Set[int]]) -> dict[str, Any]:
        """The method's details with what became of each chunk, given the units that were kept in the end."""
        chunks = [self._outcome(each, kept[each.chunk.passage]) for each in self._treatments]
        written = any(entry["outcome"] == "rewritten" for entry in chunks)
        return {**self.summary, "rewritten": written, "chunks": chunks}

    def _outcome(self, treatment: Treatment, kept: Set[int]) -> dict[str, Any]:
        chunk = treatment.chunk
        passage = self.passages[chunk.passage]
        units = list(dict.fromkeys(self._moved[chunk.passage][unit] for unit in chunk.units))
        left = [unit for unit in units if unit in kept]
        start, end = passage.units[units[0]].start, passage.units[units[-1]].end
        edits = [each for unit in left for each in passage.replacements(passage.units[unit].start, passage.units[unit].end)]
        if not left:
            outcome = "dropped"
        elif any(each.text for each in edits):
            outcome = "rewritten"
        elif edits:
            outcome = "shortened"
        else:
            outcome = "verbatim" if len(left) == len(units) else "extracted"
        entry: dict[str, Any] = {
            "item": chunk.passage,
            "start": start,
            "end": end,
            "outcome": outcome,
            "importance": round(treatment.importance, 4),
            "share": round(treatment.share, 4),
        }
        if treatment.reason and outcome not in ("rewritten", "shortened"):
            entry["reason"] = treatment.reason
        if treatment.attempts:
            entry["attempts"] = treatment.attempts
        if treatment.cached:
            entry["cached"] = True
        return entry


def build_plan(
    passages: Sequence[Passage],
    scores: Sequence[np.ndarray],
    protected: Sequence[set[int]],
    treatments: Sequence[Treatment],
    summary: dict[str, Any],
) -> Plan:
    """Write accepted drafts into the passages. A chunk that was written anew becomes one unit; deletions leave units be."""
    treated: list[list[Treatment]] = [[] for _ in passages]
    for treatment in sorted(treatments, key=lambda each: each.chunk.first):
        treated[treatment.chunk.passage].append(treatment)
    new_passages, new_scores, tiers, new_protected, moved = [], [], [], [], []
    for index, passage in enumerate(passages):
        mine = treated[index]
        whole = [each.chunk for each in mine if each.draft and any(r.text for r in each.draft.replacements)]
        places = _places(len(passage.units), whole)
        replaced = [
            Replacement(start + each.start, start + each.end, each.text)
            for treatment in mine
            if treatment.draft
            for start in [passage.units[treatment.chunk.first].start]
            for each in treatment.draft.replacements
        ]
        size = places[-1] + 1 if places else 0
        best = np.full(size, -np.inf, dtype=np.float32)
        np.maximum.at(best, places, scores[index].astype(np.float32))
        first = np.zeros(size, dtype=np.int8)
        for each in mine:
            first[[places[unit] for unit in each.preferred]] = _WHOLE if each.whole else _WITHIN_SHARE
        new_passages.append(Passage(passage.text, _merged(passage.units, places), passage.title, passage.hidden, replaced))
        new_scores.append(best)
        tiers.append(first)
        new_protected.append({places[unit] for unit in protected[index]})
        moved.append(places)
    return Plan(new_passages, new_scores, tiers, new_protected, summary, list(treatments), moved)


def _places(count: int, whole: Sequence[Chunk]) -> list[int]:
    joined = {unit for chunk in whole for unit in chunk.units if unit != chunk.first}
    places: list[int] = []
    for unit in range(count):
        places.append(places[-1] if unit in joined else (places[-1] + 1 if places else 0))
    return places


def _merged(units: Sequence[Unit], places: Sequence[int]) -> tuple[Unit, ...]:
    merged: dict[int, list[Unit]] = {}
    for unit, place in zip(units, places, strict=True):
        merged.setdefault(place, []).append(unit)
    result = []
    for place, group in merged.items():
        requires = {places[each] for unit in group for each in unit.requires} - {place}
        result.append(
            Unit(group[0].start, group[-1].end, group[0].kind, group[0].join, tuple(sorted(requires)), group[0].structural)
        )
    return tuple(result)
