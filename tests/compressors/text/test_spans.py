import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress.text.spans import trim


@pytest.mark.parametrize(("text", "expected"), [(" a b ", (1, 4)), ("\u3000a\n", (1, 2)), ("a", (0, 1)), ("", (0, 0))])
def test_trim_leaves_out_white_space_at_the_edges(text: str, expected: tuple[int, int]) -> None:
    assert trim(text) == expected


@given(st.text(st.sampled_from("a \t\n\u3000"), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_trim_is_strip_with_offsets(text: str, a: int, b: int) -> None:
    start, end = min(a, b, len(text)), min(max(a, b), len(text))
    first, last = trim(text, start, end)
    assert start <= first <= last <= end
    assert text[first:last] == text[start:end].strip()
