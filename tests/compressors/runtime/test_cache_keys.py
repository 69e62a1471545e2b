from hypothesis import given
from hypothesis import strategies as st

from promptpress.runtime.cache_keys import cache_key

PARTS = st.lists(st.text(st.characters(codec=None), max_size=5), max_size=4)


@given(a=PARTS, b=PARTS)
def test_keys_are_equal_only_for_equal_parts(a: list[str], b: list[str]) -> None:
    assert (cache_key("scores", a) == cache_key("scores", b)) == (a == b)


def test_parts_do_not_run_together_and_kinds_are_apart() -> None:
    assert cache_key("scores", ["ab", "c"]) != cache_key("scores", ["a", "bc"])
    assert cache_key("scores", ["a"]) != cache_key("vectors", ["a"])
    assert len(cache_key("scores", [])) == 32
