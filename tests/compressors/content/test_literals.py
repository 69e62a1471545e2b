"""Literals in the notations of JSON, JSON5, Python and JavaScript: what is one, and where its members are."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress.content.literals import Literal, literal_at


def members(text: str, cut_off: bool = False) -> list[str] | None:
    value = literal_at(text, 0, len(text), cut_off)
    return None if value is None else [text[each.start : each.end] for each in value.members]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": [1, 2]}', ['"a": 1', '"b": [1, 2]']),
        ("{'a': None, 'b': (1, 'x')}", ["'a': None", "'b': (1, 'x')"]),
        ("{a: 1, b: 'it\\'s', }", ["a: 1", "b: 'it\\'s'"]),
        ("('a', 'b')", ["'a',", "'b'"]),
        ("[Decimal('1.50'), datetime.date(2026, 3, 1), <Gate 7 open>, 'x']",
         ["Decimal('1.50')", "datetime.date(2026, 3, 1)", "<Gate 7 open>", "'x'"]),
        ("[\n  'a', // first\n  // the second\n  'b',\n]", ["'a', // first\n", "// the second\n  'b',"]),
        ("[/* none */ 'a', 'b' # last\n]", ["'a',", "'b' # last\n"]),
    ],
)  # fmt: skip
def test_members_are_found_in_every_notation(text: str, expected: list[str]) -> None:
    assert members(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[see page 3]", "[x] done", "{ return x; }", "{% if a %}", "{{ name }}", "[1, 2", "{'a': 1, 2}", "{'a' 1}", "[1)", "[,]",
        "{ color: red; }", "{'a': 'it's'}", "{:}", "[a, b]",
    ],
)  # fmt: skip
def test_what_is_not_certainly_a_literal_is_refused(text: str) -> None:
    assert members(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1}, {"b": 2}, {"c": 3, "d', ['{"a": 1}', '{"b": 2}', '{"c": 3, "d']),
        ('[{"a": 1}, {"b": 2}, ... (12 more)]', ['{"a": 1}', '{"b": 2}', "... (12 more)]"]),
        ('[{"a": 1}, {"b": 2}', ['{"a": 1}', '{"b": 2}']),
        ('{"n": 1, "m": 2, "s": "and then [truncated]', ['"n": 1', '"m": 2', '"s": "and then [truncated]']),
    ],
)
def test_a_literal_that_is_cut_off_has_the_members_before_the_cut(text: str, expected: list[str]) -> None:
    assert members(text) is None
    assert members(text, cut_off=True) == expected


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def values(text: str, value: Literal) -> Any:
    if value.mark == "{":
        return [(json.loads(f"{{{text[m.start : m.end]}}}"), values(text, m)) for m in value.members]
    return [values(text, m) for m in value.members] if value.mark == "[" else None


@given(st.lists(JSON, min_size=1) | st.dictionaries(st.text(), JSON, min_size=1), st.booleans(), st.sampled_from([None, 2]))
def test_all_json_is_read_and_each_member_is_json(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    found = literal_at(text, 0, len(text))
    assert found is not None
    assert (found.end, len(found.members)) == (len(text), len(value))
    values(text, found)


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), min_size=1), min_size=1))
def test_all_reprs_are_read(value: Any) -> None:
    text = repr(value)
    found = literal_at(text, 0, len(text))
    assert found is not None
    assert (found.end, len(found.members)) == (len(text), len(value))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 20_000, '["' + "\\" * 100_000, "[f(" * 30_000, "[1, # x\n" * 20_000]
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    started = time.perf_counter()
    literal_at(text, 0, len(text), cut_off=True)
    assert time.perf_counter() - started < 2
