"""JSON as units: what a member cannot stand without."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import compress
from promptpress.content import segment
from promptpress.content.unit import Unit
from promptpress.pipeline.verify import verify_and_rollback

LONG = "A long description of what it does which nobody reads to the end " * 7


def units_of(text: str) -> list[Unit]:
    return list(segment(text).units)


def closed(units: list[Any], unit: int) -> set[int]:
    found, stack = set[int](), [unit]
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(units[current].requires)
    return found


@pytest.mark.parametrize("key", ["name", "ID", "_id", "title", "uuid"])
def test_what_is_kept_of_an_object_says_which_one_it_is(key: str) -> None:
    tool = {"kind": "f", key: "find_trains", "description": LONG, "parameters": {"to": LONG, "from": LONG}}
    text = json.dumps({"tools": [tool, {**tool, key: "find_buses"}], "about": LONG})
    units = units_of(text)
    (last,) = [i for i, unit in enumerate(units) if text[unit.start :].startswith('"from"')][1:]
    kept = [text[units[i].start : units[i].end] for i in sorted(closed(units, last)) if not units[i].structural]
    assert kept == [f'"{key}": "find_buses"', f'"from": "{LONG}"']


def test_a_long_name_and_a_name_of_several_are_like_other_members() -> None:
    for value in (LONG, {"first": LONG, "last": LONG}, [LONG]):
        text = json.dumps({"name": value, "about": LONG})
        units = units_of(text)
        last = max(i for i, unit in enumerate(units) if not unit.structural)
        assert {i for i in closed(units, last) if not units[i].structural} == {last}


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["name", "id", "text", "note"]), st.text(max_size=300), min_size=1),
        min_size=2,
        max_size=6,
    ),
    st.floats(0.1, 0.9),
)
def test_shortened_json_parses_and_its_objects_keep_their_first_identity(
    records: list[dict[str, str]], ratio: float
) -> None:
    text = json.dumps({"records": records, "about": LONG})
    result = compress(text, query="note", method="bm25", target_ratio=ratio).text or ""
    if not result:
        return
    for record in json.loads(result).get("records", []):
        original = next(each for each in records if record.items() <= each.items())
        identities = [key for key in original if key in ("name", "id") and len(json.dumps({key: original[key]})) <= 122]
        assert not record or not identities or identities[0] in record


def test_broken_json_never_leaves_even_with_units_merged_by_a_rewriting_method() -> None:
    passage = segment(json.dumps({"name": "find_trains", "about": LONG, "parameters": LONG}))
    opening, *others = passage.units
    merged = replace(passage, units=(replace(opening, requires=tuple(sorted(opening.requires))), *others))
    whole = set(range(len(merged.units)))
    assert verify_and_rollback(merged, whole)[1] == set()
    assert verify_and_rollback(merged, whole - {len(others)})[0].text == ""
