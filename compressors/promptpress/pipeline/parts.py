"""The passages that methods score, so that the form of a request does not matter.

Twenty passages in one text, in a tool result or as twenty documents are the same question to a method: which of their units
answer it? Texts are divided for scoring; scores, stops and details are mapped back to the texts as they were sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from promptpress.content import Passage
from promptpress.content.json_strings import readable
from promptpress.content.passages import Part, parts_of
from promptpress.scores import Scored


@dataclass(frozen=True)
class Parts:
    """The parts of all texts in order; `owners` (parts,) is the text of each, `firsts` (parts,) its first unit there."""

    passages: list[Passage]
    owners: list[int]
    firsts: list[int]
    texts: int

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Parts":
        """Divide every passage."""
        found: list[tuple[int, Part]] = [(index, part) for index, p in enumerate(passages) for part in _parts(p)]
        return cls([p.passage for _, p in found], [owner for owner, _ in found], [p.first for _, p in found], len(passages))

    def gather(self, scored: Scored) -> Scored:
        """The scores of the parts as scores of the texts; a text is as relevant as the best of its parts."""
        units = _joined(scored.units, self.owners, self.texts)
        tiers = None if scored.tiers is None else _joined(scored.tiers, self.owners, self.texts, np.int8)
        relevance = None
        if scored.passages is not None:
            relevance = np.full(self.texts, scored.passages.min() if len(scored.passages) else 0, dtype=np.float32)
            np.maximum.at(relevance, self.owners, scored.passages)
        return Scored(units, relevance, scored.details, tiers)

    def to_texts(self, units: Sequence[set[int]]) -> list[set[int]]:
        """Units of the parts as units of the texts."""
        gathered: list[set[int]] = [set() for _ in range(self.texts)]
        for owner, first, each in zip(self.owners, self.firsts, units, strict=True):
            gathered[owner].update(first + unit for unit in each)
        return gathered

    def from_texts(self, units: Sequence[set[int]]) -> list[set[int]]:
        """Units of the texts as units of the parts."""
        return [
            {unit - first for unit in units[owner] if first <= unit < first + len(passage.units)}
            for owner, first, passage in zip(self.owners, self.firsts, self.passages, strict=True)
        ]


def _parts(passage: Passage) -> list[Part]:
    # A text without units is a passage too: methods give one relevance for each.
    parts = parts_of(passage) or [Part(0, passage)]
    return [Part(part.first, readable(part.passage)) for part in parts]


def _joined(arrays: Sequence[np.ndarray], owners: Sequence[int], texts: int, dtype: type = np.float32) -> list[np.ndarray]:
    collected: list[list[np.ndarray]] = [[] for _ in range(texts)]
    for owner, array in zip(owners, arrays, strict=True):
        collected[owner].append(array)
    return [each[0] if len(each) == 1 else np.concatenate(each) if each else np.empty(0, dtype) for each in collected]
