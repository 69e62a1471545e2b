"""What is told of a group of texts beside the texts."""

from typing import Any

import pytest

from promptpress import Document, compress
from promptpress.text.tokenization import counter_for


def test_where_nothing_is_gained_every_unit_counts_as_kept() -> None:
    texts = ["  \n!éa  a。é ", "é!。!    ", "!11é!。a    ", "é1。  。1é    a\n", "a1。。"]
    result = compress(documents=[Document(text=text) for text in texts], query="x", method="hybrid", include=["scores"])
    assert result.reason == "no_gain"
    assert [document.text for document in result.documents or []] == texts
    assert all(unit.kept for units in result.scores or [] for unit in units)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (
            {
                "text": "Extraordinarily remarkable congregations assembled. Others did not.",
                "method": "selective_context",
                "options": {"unit": "word"},
            },
            "not.",
        ),
        ({"text": '{"b": 1, "note": "a long one that is not short"}'}, '{"b": 1}'),
        ({"text": "[   \n\n\n\n ]"}, "[   \n\n\n\n ]"),
    ],
    ids=["words", "JSON", "brackets alone"],
)
def test_the_smallest_size_told_counts_what_a_unit_cannot_do_without(fields: dict[str, Any], kept: str) -> None:
    tokens = counter_for().count(kept)
    [warning] = compress(**fields, target_tokens=1).warnings
    assert warning == f"nothing_fits: no unit fits the target; the smallest takes {tokens} tokens"
