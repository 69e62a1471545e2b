"""Content types: each finds its own example, and a new one needs only to be in the list."""

import json
from typing import ClassVar

import pytest

from promptpress.content import Kind, Passage, segment
from promptpress.content.base import BlockType, ContentType
from promptpress.content.kinds import TRAITS
from promptpress.content.lines import Lines
from promptpress.content.registry import CONTENT_TYPES, ContentTypes
from promptpress.content.render import render
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

FENCED_JSON = "```json\n" + json.dumps([{"n": n, "text": "x" * 140} for n in range(3)]) + "\n```"
EXAMPLES = {
    "tagged_sources": ("<doc id=1>\nOne. Two.\n</doc>", [Kind.HEADING, Kind.SENTENCE, Kind.SENTENCE, Kind.HEADING]),
    "numbered_sources": ("[1] One.\n\n[2] Two.", [Kind.HEADING, Kind.SENTENCE] * 2),
    "quotes": ("He asked:\n\n> Why? When?", [Kind.HEADING, *[Kind.SENTENCE] * 3]),
    "emails": ("From: Ann\nTo: Bo\n\nCome soon.", [Kind.HEADING, Kind.LIST_ITEM, Kind.SENTENCE]),
    "attributions": ("> On May 4, 2026, Ann\n> wrote:\n>> Yes.", [Kind.SENTENCE, Kind.HEADING, *[Kind.SENTENCE] * 2]),
    "labels": ("Room 12:\nThe window is open. It rains.", [Kind.HEADING, *[Kind.SENTENCE] * 2]),
    "titles": ("Tarn Lodge\nThe lodge has nine rooms. Dogs are welcome.", [Kind.HEADING, *[Kind.SENTENCE] * 2]),
    "outlined": ("Rig\n  Mast\n    Fir. New.", [Kind.LIST_ITEM, Kind.LIST_ITEM, Kind.SENTENCE]),
    "ruled_table": ("+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n|   | 3 |\n+---+---+", [Kind.TABLE_ROW] * 2),
    "fences": ("Before.\n\n```python\nx = 1\n```", [Kind.SENTENCE, Kind.CODE]),
    "markdown_table": ("Prose.\n\n| a | b |\n|---|---|\n| 1 | 2 |", [Kind.SENTENCE, Kind.TABLE_ROW, Kind.TABLE_ROW]),
    "json": ('Answer:\n{"a": [1, 2],\n"b": 3}\nThat is it.', [Kind.HEADING, Kind.JSON_MEMBER, Kind.SENTENCE]),
    "fenced_json": (FENCED_JSON, [Kind.CODE, *[Kind.JSON_MEMBER] * 5, Kind.CODE]),
    "delimited_table": ("name,age,town\nann,3,Oslo\nbob,4,Rome", [Kind.TABLE_ROW] * 3),
    "markup": ("<ul>\n<li>one</li>\n<li>two</li>\n</ul>", [Kind.ELEMENT]),
    "configuration": ("[a]\nb = 1\nc = 2", [Kind.RECORD] * 3),
    "yaml": ("a:\n  b: 1\n  c: 2", [Kind.RECORD]),
    "brace_blocks": ("http {\n  gzip on;\n  server {\n    listen 80;\n    root /srv;\n  }\n}", [Kind.RECORD]),
    "latex": ("\\section{A}\nOne. Two.", [Kind.HEADING, Kind.SENTENCE, Kind.SENTENCE]),
    "commits": ("Log:\n\ncommit 1b2c3d4\nAuthor: B <b@c.org>\n\n    Fix it", [Kind.HEADING, Kind.RECORD]),
    "cues": (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nGo.\n\n00:03.000 --> 00:04.000\nStay.",
        [Kind.HEADING, Kind.RECORD, Kind.RECORD],
    ),
    "cards": ("BEGIN:VCARD\nFN:Ann\nEND:VCARD", [Kind.RECORD]),
    "bib_entries": ("@book{a,\n  title = {B}\n}\n@book{b,\n  title = {C}\n}", [Kind.RECORD] * 2),
    "rows": ("***** 1. row *****\nid: 1\nname: Ann", [Kind.RECORD]),
    "trees": ("a/\n├── b\n└── c", [Kind.RECORD] * 3),
    "opaque": (f"Key:\n\n{'aB3+' * 50}", [Kind.HEADING, Kind.OPAQUE]),
    "exams": ("1. One?\nA) a\nB) b\n\n2. Two?\nA) c\nB) d", [Kind.RECORD] * 2),
    "questions": ("Q: Who?\n\nA: Ann.\n\nQ: Where?\n\nA: There.", [Kind.RECORD] * 2),
    "labelled": ("Name: Ann\nAge: 3\n\nName: Bob\nAge: 4", [Kind.RECORD] * 2),
    "test_reports": (
        "=== FAILURES ===\n_____ test_a _____\nE       assert 1 == 2\n\nt.py:3: AssertionError\n=== 1 failed in 0.1s ===",
        [Kind.TABLE_ROW, Kind.CODE, Kind.TABLE_ROW],
    ),
    "compiler_messages": ("make all\na.c:3:5: error: no such name\n    3 |   x = y;\n      |       ^", [Kind.CODE] * 2),
    "git_status": ("On branch main\n\nUntracked files:\n\tnotes.txt", [Kind.TABLE_ROW] * 3),
    "plans": ('  # a.b will be destroyed\n  - resource "a" "b" {\n      - c = 1\n    }', [Kind.TABLE_ROW]),
    "grep_output": ("src/a.py:3:x = 1\nsrc/b.py:9:y = 2", [Kind.TABLE_ROW] * 2),
    "columns": ("NAME   AGE\nann    3 d\nbob    4 d\ncarl   5 d", [Kind.TABLE_ROW] * 4),
    "listings": ("https://a.example/x\nhttps://b.example/y\nhttps://c.example/z", [Kind.LOG_LINE] * 3),
    "verses": (
        "The tide comes in at noon and it takes with it\nThe stones away, and then in the night\nThe gulls cry\nFor all that was on the shore, and they go to sleep",
        [Kind.SENTENCE] * 4,
    ),
    "traces": (
        'Bad.\nTraceback (most recent call last):\n  File "x.py"\nValueError: bad',
        [Kind.SENTENCE, *[Kind.CODE] * 3],
    ),
    "diffs": ("Done.\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b", [Kind.SENTENCE, *[Kind.CODE] * 2]),
    "headings": ("# Title\nText.", [Kind.HEADING, Kind.SENTENCE]),
    "code": ("import os\n\n\ndef f(x):\n    y = x\n    return y\n", [Kind.CODE] * 2),
    "lists": ("- one\n- two", [Kind.LIST_ITEM] * 2),
    "dialogue": ("ANN: I do not know.\nBOB: Why?\nANN: Because.", [Kind.TURN] * 3),
    "logs": ("2024-01-02 10:00:00 a\n2024-01-02 10:00:01 b\n2024-01-02 10:00:02 c", [Kind.LOG_LINE] * 3),
    "prose": ("One. Two.", [Kind.SENTENCE] * 2),
}


@pytest.mark.parametrize("name", [each.name for each in CONTENT_TYPES.all])
def test_every_type_has_its_units_and_without_it_there_are_others(name: str) -> None:
    text, kinds = EXAMPLES[name]
    assert [unit.kind for unit in segment(text).units] == kinds
    others = ContentTypes([each for each in CONTENT_TYPES.all if each.name != name])
    if name != "prose":
        assert segment(text, types=others).units != segment(text).units


def test_names_of_types_are_unique_and_prose_is_asked_last() -> None:
    names = [each.name for each in CONTENT_TYPES.all]
    assert len(set(names)) == len(names)
    assert names[-1] == "prose"


def test_every_kind_has_its_row_in_the_table() -> None:
    assert set(TRAITS) == set(Kind)


class Verse(BlockType):
    """A toy type: lines in `<verse>` tags, each under the opening tag, which needs the closing one."""

    name: ClassVar[str] = "verse"

    def begins(self, lines: Lines, at: int) -> bool:
        return lines[at] == "<verse>"

    def block(self, lines: Lines, at: int) -> int:
        rest = [lines[index] for index in range(at, len(lines))]
        return rest.index("</verse>") + 1 if self.begins(lines, at) and "</verse>" in rest else 0

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        opening = out.add(start, start + len("<verse>"), Kind.CODE, structural=True)
        with out.under(opening):
            at = start + len("<verse>")
            for line in text[at : end - len("</verse>")].splitlines(keepends=True):
                if line.strip():
                    out.add(*trim(text, at, at + len(line)), Kind.LOG_LINE)
                at += len(line)
            closing = out.add(end - len("</verse>"), end, Kind.CODE, structural=True)
        out.require(opening, closing)

    def check(self, passage: Passage, text: str) -> bool:
        return text.count("<verse>") == text.count("</verse>")


POEM = "A poem follows.\n<verse>\nRoses are red.\nViolets are blue. So they say.\n</verse>\nThat was it."


def with_verse() -> ContentTypes:
    types: list[ContentType] = [Verse(), *CONTENT_TYPES.all]
    return ContentTypes(types)


def test_a_new_type_needs_only_to_be_in_the_list() -> None:
    passage = segment(POEM, types=with_verse())
    assert [passage.slice(i) for i in range(len(passage.units))] == [
        "A poem follows.",
        "<verse>",
        "Roses are red.",
        "Violets are blue. So they say.",
        "</verse>",
        "That was it.",
    ]
    assert [unit.requires for unit in passage.units] == [(), (4,), (1,), (1,), (1,), ()]


def test_a_new_type_is_asked_whether_the_output_is_sound() -> None:
    types = with_verse()
    passage = segment(POEM, types=types)
    assert types.check(passage, render(passage, {1, 3, 4}).text)
    assert not types.check(passage, render(passage, {1, 3}).text)


@pytest.mark.parametrize(("kept", "sound"), [({0, 1, 3}, True), ({0, 1}, False), ({1}, False)])
def test_json_that_does_not_parse_is_not_sound(kept: set[int], sound: bool) -> None:
    text = json.dumps({"a": "x" * 250, "b": "y" * 250})
    passage = segment(text)
    assert CONTENT_TYPES.check(passage, render(passage, kept).text) is sound


def test_a_fence_without_its_partner_is_not_sound() -> None:
    passage = segment("Text.\n\n```\nx\n```")
    assert CONTENT_TYPES.check(passage, "Text.")
    assert not CONTENT_TYPES.check(passage, "Text.\n\n```\nx")
