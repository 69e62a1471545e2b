"""`segment`: one text to one `Passage`."""

from collections.abc import Sequence
from dataclasses import replace

import regex

from promptpress.content.blocks import Block, BlockKind, find_blocks, looks_like_code, split_lines
from promptpress.content.json import is_json, json_units
from promptpress.content.kinds import STRUCTURED_KINDS, Kind
from promptpress.content.sentences import sentence_spans
from promptpress.content.tables import delimited_rows
from promptpress.content.unit import Passage, Unit
from promptpress.runtime.cancellation import check
from promptpress.text.graphemes import may_hold_clusters, splits_cluster
from promptpress.text.spans import Span

LONG_TURN = 300
"""Characters up to which a chat turn is one unit."""
CODE_CHUNK = 1600
"""Characters up to which a run of code lines stays one unit even where it has blank lines at its outer level."""

_BLOCK_UNITS = {
    BlockKind.HEADING: Kind.HEADING,
    BlockKind.LOG_LINE: Kind.LOG_LINE,
    BlockKind.CODE: Kind.CODE,
}
_SENTENCE_UNITS = {
    BlockKind.PARAGRAPH: Kind.SENTENCE,
    BlockKind.LIST_ITEM: Kind.LIST_ITEM,
}
_CODE_BREAK = regex.compile(r"\n[ \t]*\r?\n(?=(?P<indent>[ \t]*)\S)")


def segment(text: str, title: str = "", hidden: Sequence[Span] = ()) -> Passage:
    """Divide any text into units whose slices and gaps partition it exactly.

    A text that is JSON, JSON lines, a delimited table or source code as a whole is divided along its own structure;
    anything else line by line into blocks, and paragraphs into sentences.
    """
    units = _units(text)
    if may_hold_clusters(text):
        units = _aligned(text, units)
    return Passage(text, tuple(units), title, tuple(hidden))


def _units(text: str) -> list[Unit]:
    start, end = _stripped(text)
    if start == end:
        return []
    if is_json(text, start, end):
        return json_units(text, start, end, 0)
    lines = split_lines(text)
    if _is_json_lines(text, lines):
        return [Unit(*span, kind=Kind.JSON_MEMBER) for span in _filled(text, lines)]
    rows = delimited_rows(text, lines)
    if rows:
        return _table_units(rows, 0)
    if "```" not in text and "~~~" not in text and looks_like_code(text, lines):
        return [Unit(*span, kind=Kind.CODE) for span in _code_chunks(text, start, end)]
    units: list[Unit] = []
    for block in find_blocks(text, lines):
        check()
        units.extend(_block_units(text, block, len(units)))
    return units


def _aligned(text: str, units: list[Unit]) -> list[Unit]:
    """Move edges that fall inside a grapheme cluster outwards; a unit that would then touch its neighbour is joined to it.

    Structured units are left alone: their edges are brackets, separators and line breaks.
    """
    aligned: list[Unit] = []
    places: list[int] = []
    """The new index of each unit, as joining two moves those that follow."""
    for unit in units:
        check()
        start, end = unit.start, unit.end
        if unit.kind not in STRUCTURED_KINDS:
            while splits_cluster(text, start):
                start -= 1
            while splits_cluster(text, end):
                end += 1
            if aligned and aligned[-1].kind not in STRUCTURED_KINDS and start < aligned[-1].end:
                aligned[-1] = replace(aligned[-1], end=max(end, aligned[-1].end))
                places.append(len(aligned) - 1)
                continue
        places.append(len(aligned))
        aligned.append(unit if (start, end) == (unit.start, unit.end) else replace(unit, start=start, end=end))
    if len(aligned) == len(units):
        return aligned
    return [
        replace(unit, requires=tuple(places[each] for each in unit.requires if places[each] != index))
        for index, unit in enumerate(aligned)
    ]


def _block_units(text: str, block: Block, first_index: int) -> list[Unit]:
    start, end = _stripped(text, block.start, block.end)
    if block.kind in _SENTENCE_UNITS:
        kind = _SENTENCE_UNITS[block.kind]
        return [Unit(*span, kind=kind) for span in sentence_spans(text, start, end)]
    if block.kind is BlockKind.TURN:
        # Later sentences of a long turn would be taken for the previous speaker's without the first, which has the name.
        first, *rest = sentence_spans(text, start, end)
        if end - start <= LONG_TURN:
            return [Unit(start, end, Kind.TURN)]
        return [Unit(*first, kind=Kind.TURN), *(Unit(*span, kind=Kind.TURN, requires=(first_index,)) for span in rest)]
    if block.kind is BlockKind.JSON:
        return json_units(text, start, end, first_index)
    if block.kind is BlockKind.TABLE:
        rows = [(start, block.header_end), *_filled(text, split_lines_of(text, block.header_end, end))]
        return _table_units(rows, first_index)
    return [Unit(start, end, _BLOCK_UNITS[block.kind])]


def _table_units(rows: Sequence[Span], first_index: int) -> list[Unit]:
    header, *body = rows
    return [
        Unit(*header, kind=Kind.TABLE_ROW, structural=bool(body)),
        *(Unit(*row, kind=Kind.TABLE_ROW, requires=(first_index,)) for row in body),
    ]


def _code_chunks(text: str, start: int, end: int) -> list[Span]:
    """Divide at blank lines before the least indented lines, deeper only where a piece is still long."""
    chunks = [(start, end)]
    for indent in (0, 4, 100):
        divided: list[Span] = []
        for chunk_start, chunk_end in chunks:
            if indent and chunk_end - chunk_start <= CODE_CHUNK:
                divided.append((chunk_start, chunk_end))
                continue
            breaks: list[Span] = []
            for match in _CODE_BREAK.finditer(text, chunk_start, chunk_end):
                check()
                if len(match["indent"].expandtabs(4)) <= indent:
                    breaks.append(match.span())
            starts = [chunk_start, *(stop for _, stop in breaks)]
            stops = [*(begin for begin, _ in breaks), chunk_end]
            divided.extend(_trim_blank_lines(text, a, b) for a, b in zip(starts, stops, strict=True))
        chunks = [chunk for chunk in divided if chunk[0] < chunk[1]]
    return chunks


def _trim_blank_lines(text: str, start: int, end: int) -> Span:
    """Trim trailing white space and leading blank lines, but not the indentation of the first line."""
    while end > start and text[end - 1].isspace():
        end -= 1
    while (line_end := text.find("\n", start, end)) >= 0 and not text[start:line_end].strip():
        start = line_end + 1
    return start, end


def _is_json_lines(text: str, lines: list[Span]) -> bool:
    filled = _filled(text, lines)
    return len(filled) >= 2 and all(text[start] in "{[" and is_json(text, start, end) for start, end in filled)


def _filled(text: str, lines: Sequence[Span]) -> list[Span]:
    return [span for line in lines if (span := _stripped(text, *line))[0] < span[1]]


def split_lines_of(text: str, start: int, end: int) -> list[Span]:
    """The lines of `text[start:end]`, as spans of `text`."""
    return [(a + start, b + start) for a, b in split_lines(text[start:end])]


def _stripped(text: str, start: int = 0, end: int | None = None) -> Span:
    end = len(text) if end is None else end
    check()
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
