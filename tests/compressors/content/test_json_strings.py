"""Long strings inside JSON: shortened between their quotes, at places that are no escapes."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptpress import compress
from promptpress.content import Passage, segment
from promptpress.content.json_strings import readable, unescaped
from promptpress.content.render import render

PAGE = (
    "The mill was built in 1806 by two brothers. It ground rye for the villages along the stream. A flood in 1883 took the"
    " wheel away. The café opened in 2011 😀. Guided tours start at 14:30 on Saturdays. Dogs must stay outside."
)


def closed(passage: Passage, units: set[int]) -> set[int]:
    found, stack = set[int](), list(units)
    while stack:
        if (unit := stack.pop()) not in found:
            found.add(unit)
            stack.extend(passage.units[unit].requires)
    return found


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_page_inside_a_tool_result_is_shortened_and_keeps_what_is_asked_for(ascii_only: bool) -> None:
    text = json.dumps([{"type": "text", "text": PAGE}], ensure_ascii=ascii_only)
    result = json.loads(compress(text=text, query="When do guided tours start?", target_ratio=0.6).text or "")
    assert result[0]["type"] == "text"
    assert "Guided tours start at 14:30 on Saturdays." in result[0]["text"]
    assert len(result[0]["text"]) < len(PAGE)


def test_lines_of_a_string_keep_line_breaks_between_them() -> None:
    lines = [f"Step {n}: the worker copied part {n} of the archive to the shelf." for n in range(8)]
    text = json.dumps({"exit_code": 0, "stdout": "\n".join(lines)})
    passage = segment(text)
    kept = [i for i, unit in enumerate(passage.units) if not unit.structural]
    assert len(kept) == len(lines)
    shown = json.loads(render(passage, closed(passage, {kept[1], kept[5]})).text)
    assert shown == {"exit_code": 0, "stdout": f"{lines[1]}\n{lines[5]}"}


def test_a_record_of_fields_and_a_page_is_never_left_without_any_of_the_page() -> None:
    passage = segment(json.dumps({"id": 7, "title": "The mill", "body": PAGE, "open": True}))
    for index, unit in enumerate(passage.units):
        if not unit.structural:
            shown = json.loads(render(passage, closed(passage, {index})).text)
            assert (shown["id"], shown["title"], shown["open"]) == (7, "The mill", True)
            assert shown["body"]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (r"caf\u00e9", "café"),
        (r"\ud83d\ude00!", "😀!"),
        (r"a\nb\t\"c\"\\n", 'a\nb\t"c"\\n'),
        (r"half \ud83d of it", "half \ufffd of it"),
        (r"it\'s \x41\U0001F600", "it's A😀"),
    ],
)
def test_escapes_are_read_and_edges_fall_between_them(literal: str, expected: str) -> None:
    string = unescaped(literal, 0, len(literal))
    assert string.text == expected
    pieces = [literal[string.source(i) : string.source(i + 1)] for i in range(len(expected))]
    assert "".join(pieces) == literal
    assert [unescaped(piece, 0, len(piece)).text for piece in pieces] == list(expected)


def test_what_methods_score_is_what_a_string_says_unit_for_unit() -> None:
    passage = segment(json.dumps([{"type": "text", "text": PAGE + " " + PAGE}]) + "\n" + json.dumps({"città": "Forlì"}))
    read = readable(passage)
    assert len(read.units) == len(passage.units)
    assert [unit.requires for unit in read.units] == [unit.requires for unit in passage.units]
    shown = [read.slice(i) for i in range(len(read.units))]
    assert "The café opened in 2011 😀." in shown
    assert shown[-1] == '{"città": "Forlì"}'
    assert readable(read) is read


TEXTS: Any = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(["It is 3.5 m. ", "No! ", "# Über\n", "- 😀 e\u0301\n", "\\n", '{"a": "b"}\n', "ok\n\n"])).map(
        "".join
    ),
    st.lists(st.sampled_from([PAGE, PAGE[:90], "\n", "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"]), min_size=1, max_size=6).map(
        " ".join
    ),
)
VALUES: Any = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["name", "id", "text", "ü", 'q"']), inner),
    max_leaves=12,
)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, (*path, "*"))
    else:
        yield path, value


@given(
    st.dictionaries(st.text(max_size=5), VALUES, min_size=1) | st.lists(VALUES, min_size=1),
    st.booleans(),
    st.sampled_from([None, 2]),
    st.data(),
)
def test_any_kept_units_are_json_with_every_value_under_its_path(
    value: Any, ascii_only: bool, indent: int | None, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    passage = segment(text)
    choice = [i for i, unit in enumerate(passage.units) if not unit.structural]
    kept = data.draw(st.sets(st.sampled_from(choice), min_size=1))
    shown = json.loads(render(passage, closed(passage, kept)).text)
    known: dict[tuple[str, ...], list[Any]] = {}
    for path, leaf in leaves(value):
        known.setdefault(path, []).append(leaf)
    for path, leaf in leaves(shown):
        assert leaf in known[path] or (isinstance(leaf, str) and any(is_part(leaf, each) for each in known[path])), (
            path,
            leaf,
        )


def is_part(piece: str, whole: Any) -> bool:
    """Whether the characters of the piece stand in the whole in their order."""
    rest = iter(unicodedata.normalize("NFC", whole) if isinstance(whole, str) else "")
    return bool(piece) and all(character in rest for character in unicodedata.normalize("NFC", piece))
