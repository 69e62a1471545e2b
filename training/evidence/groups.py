"""What the model learns from: a query, documents, and where in them the evidence is."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

Target = tuple[int, int, int]
"""Document, first character and one past the last character of a stretch of evidence."""


@dataclass(frozen=True)
class Group:
    """A query with its documents (title, text).

    `evidence` is a list of needs, each a list of alternative targets: one target of every need must be found. `answers`
    are the targets of the answer's own characters, where they are known.
    """

    source: str
    query: str
    documents: list[tuple[str, str]]
    evidence: list[list[Target]]
    answers: list[Target]


def save(groups: Iterable[Group], path: Path) -> int:
    """Write one JSON object a line; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for group in groups:
            file.write(json.dumps(asdict(group), ensure_ascii=False) + "\n")
            count += 1
    return count


def load(path: Path) -> Iterator[Group]:
    """Read what `save` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            yield Group(
                record["source"],
                record["query"],
                [(title, text) for title, text in record["documents"]],
                [[(d, a, b) for d, a, b in need] for need in record["evidence"]],
                [(d, a, b) for d, a, b in record["answers"]],
            )
