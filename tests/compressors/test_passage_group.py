"""What is told of a group of texts beside the texts."""

from compressors import Document, compress


def test_where_nothing_is_gained_every_unit_counts_as_kept() -> None:
    texts = ["  \n!éa  a。é ", "é!。!    ", "!11é!。a    ", "é1。  。1é    a\n", "a1。。"]
    result = compress(documents=[Document(text=text) for text in texts], query="x", method="hybrid", include=["scores"])
    assert result.reason == "no_gain"
    assert [document.text for document in result.documents or []] == texts
    assert all(unit.kept for units in result.scores or [] for unit in units)
