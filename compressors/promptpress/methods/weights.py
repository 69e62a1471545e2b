"""The numbers of the methods `hybrid` and `evidence`: what each weighs, in which unit, and where a fit may look for it.

They were chosen on samples of the public evaluation sets, not fitted to each; docs/methods.md has the resulting table. A
script that fits them reads `numbers_of`.
"""

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


class Number(NamedTuple):
    """One number of a class of weights. `low` and `high` are the bounds of a search for a better value."""

    name: str
    default: float
    meaning: str
    unit: str
    low: float
    high: float

    @property
    def whole(self) -> bool:
        """Whether it counts something, so that only whole numbers make sense."""
        return isinstance(self.default, int)


def _number(default: float, meaning: str, unit: str, low: float, high: float) -> Any:
    # Any, as the result of dataclasses.field stands for a field of whatever type it is given.
    return field(default=default, metadata={"meaning": meaning, "unit": unit, "range": (low, high)})


@dataclass(frozen=True)
class RelevanceWeights:
    """The numbers of `RelevanceScorer`. Signals are standardised, so a weight of 1 is one standard deviation of a signal."""

    lexical_min: float = _number(0.3, "least weight of BM25, that of short queries", "weight", 0, 1.5)
    lexical_per_word: float = _number(0.2, "weight of BM25 added for each word of a long query", "weight per word", 0, 0.5)
    lexical_max: float = _number(1.5, "most weight of BM25 that the length of the query gives", "weight", 0.3, 3)
    lexical_context_free: float = _number(
        1.0, "weight of BM25 for units with a context of their own, whatever the length of the query", "weight", 0, 3
    )
    fertility_from: float = _number(
        1.4, "subwords per word of a query up to which the encoder knows its words", "subwords per word", 1, 2.5
    )
    fertility_slope: float = _number(
        3.0, "weight of BM25 added for each further subword per word", "weight per subword per word", 0, 6
    )
    fertility_max: float = _number(2.0, "most weight of BM25 that subwords add", "weight", 0, 4)
    lead_from: float = _number(
        0.3, "lead of the best BM25 match over the second up to which it adds no weight", "share of the best", 0, 1
    )
    lead_slope: float = _number(3.0, "weight of BM25 added for each further unit of lead", "weight per share", 0, 6)
    document_short_query: float = _number(1.5, "weight of the document's similarity for a short query", "weight", 0, 3)
    document_long_query: float = _number(1.0, "weight of the document's similarity for a long query", "weight", 0, 3)
    long_query_from: int = _number(11, "words of a query from which it starts to count as long", "words", 5, 20)
    long_query_ramp: int = _number(4, "further words after which it counts as long altogether", "words", 1, 10)
    title_mention_units: int = _number(5, "best units whose mentions of titles count", "units", 1, 20)
    title_mention_characters: int = _number(4, "characters of a title below which mentions are chance", "characters", 2, 8)


@dataclass(frozen=True)
class EvidenceWeights:
    """The numbers of `evidence`, beside those of the relevance that it adds to.

    Documents are few up to `few_documents_to`, several from `several_documents_from` and many from `many_documents_from`;
    between two of these, weights change linearly.
    """

    read_share: float = _number(0.5, "share of the tokens that the cross-encoder reads, within the bounds", "share", 0.1, 1)
    read_min: int = _number(1000, "tokens that are read at least", "tokens", 0, 2000)
    read_max: int = _number(1400, "tokens that are read at most", "tokens", 500, 8000)
    read_max_lines: int = _number(2400, "tokens that are read at most of chats and logs", "tokens", 500, 8000)
    evidence_short_query: float = _number(0.65, "weight of the evidence for a short query", "weight", 0, 2)
    evidence_short_query_many: float = _number(
        0.4, "weight of the evidence for a short query over many documents", "weight", 0, 2
    )
    evidence_long_query: float = _number(
        1.0, "weight of the evidence for a long query, few documents, and units with a context of their own", "weight", 0, 2
    )
    similarity_long_query: float = _number(
        0.5, "weight of the sentence's similarity for a long query or few documents; 1 for a short one", "weight", 0, 1.5
    )
    title_mention: float = _number(0.7, "weight of title mentions", "weight", 0, 2)
    few_documents_to: int = _number(5, "documents up to which they are few", "documents", 1, 10)
    several_documents_from: int = _number(10, "documents from which they are several", "documents", 6, 20)
    many_documents_from: int = _number(20, "documents from which they are many", "documents", 12, 60)
    long_query_counts_short_many: float = _number(
        0.75, "part of a long query that counts as short over many documents", "share", 0, 1
    )
    expansion_units: int = _number(4, "best units that expand the query", "units", 1, 10)
    expansion_temperature: float = _number(
        1.2, "lead in score with which an expanding unit counts e times as much", "score", 0.2, 5
    )
    expansion: float = _number(1.4, "weight of the expanded scores for a long query, half for a short one", "weight", 0, 3)
    expansion_same_passage: float = _number(
        0.5, "part of an expanded score that counts in the passage of the expanding unit", "share", 0, 1
    )


def numbers_of(weights: type[RelevanceWeights] | type[EvidenceWeights]) -> list[Number]:
    """Every number of a class of weights, in the order of its fields."""
    found = []
    for each in fields(weights):
        default: Any = each.default
        found.append(Number(each.name, default, each.metadata["meaning"], each.metadata["unit"], *each.metadata["range"]))
    return found
