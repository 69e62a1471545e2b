"""Lines of a text grouped into blocks: paragraphs, headings, lists, turns, logs, tables, code, diffs, traces, JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import regex

from promptpress.text.spans import Span


class BlockKind(Enum):
    """What a block holds; decides how `segment` turns it into units."""

    PARAGRAPH = auto()
    HEADING = auto()
    LIST_ITEM = auto()
    TURN = auto()
    LOG_LINE = auto()
    TABLE = auto()
    CODE = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, whole lines without the last line's break. `header_end` ends a table's header."""

    start: int
    end: int
    kind: BlockKind
    header_end: int = 0


_FENCE = regex.compile(r"[ ]{0,3}(?P<mark>`{3,}|~{3,})")
_HEADING = regex.compile(r"[ ]{0,3}#{1,6}\s+\S")
_LIST_ITEM = regex.compile(r"\s*(?:[-*+•‣◦▪–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-zA-Z]\)\s+)\S")
_TURN = regex.compile(
    r"\s*(?:\[[^\]\n]{1,30}\]\s*)?(?P<name><[^>\s][^>\n]{0,40}>|#?[\p{Lu}\p{Lo}][\w .'#()\-]{0,40}[:：])(?:\s|$|(?<=：))"
)
_LOG = regex.compile(
    r"""\s*\[?(?:\d{4}[-/.]\d\d[-/.]\d\d(?:\b|T(?=\d\d:))
    |\d\d[/.]\d\d[/.]\d\d(?:\d\d)?\ |\d\d-\d\d\ \d\d:\d\d|\d{1,2}:\d\d(?::\d\d)?\b
    |[A-Z][a-z]{2}\ {1,2}\d{1,2}\ \d\d:\d\d:\d\d|(?:[A-Z][a-z]{2}\ )?[A-Z][a-z]{2}\ \d{1,2}\ \d\d:\d\d
    |(?:INFO|WARN(?:ING)?|ERROR|DEBUG|TRACE|FATAL)\b|\d{6}\ \d{6}\b|-\ \d{10}\ |\d{10}\b|\d+\ node-)""",
    regex.VERBOSE,
)
_TABLE_RULE = regex.compile(
    r"\s*+(?:\|\s*+)?+:?+-{2,}+:?+\s*+(?:\|\s*+:?+-{2,}+:?+\s*+)++\|?+\s*+$|\s*+\|\s*+:?+-{2,}+:?+\s*+\|\s*+$"
)
_TRACE = regex.compile(r"\s*Traceback \(most recent call last\):")
_TRACE_FRAME = regex.compile(r"\s+at [\w.$<>]+\(|\s*Caused by: |\s+\.\.\. \d+ more")
_DIFF = regex.compile(r"diff --git |@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|Index: \S")
_DIFF_BODY = regex.compile(
    r"[+\- @\\]|$|diff --git |index |old mode|new mode|similarity|rename|new file|deleted file|Binary"
)
_JSON_START = regex.compile(r"\s*(?:\{\s*(?:\"|\}|$)|\[\s*(?:[\[{\"\]]|-?\d[\d.]*,|$))")
_CODE_LINE = regex.compile(
    r"""\s*(?:def\ |class\ |import\ |from\ \S+\ import|return\b|(?:if|for|while|elif|else|try|except|with|switch)\b.*[:{]\s*$
    |(?:const|let|var|function|export|public|private|static|async|func|fn|struct|package|\#include|using|namespace|type)\b
    |@\w+|//|/\*|\*/|\*\ |[}\])]+[;,]?\s*$|"{3}|'{3}).*|.*(?:[{};(\[]|=>|\\)\s*$|\s*[\w.\[\]'"]+\s*[-+*/|]?=\s*\S.*
    |\s*[\w.]+\([^)]*\)[;,:]?\s*$|\s++["'\w.].*,\s*$|\s*\#[ !].*""",
    regex.VERBOSE,
)
_PROSE_LINE = regex.compile(r"\s*[\p{Lu}\p{Lo}\"“'(].*[\p{L}\p{N}\"”')]{2}[.!?。！？:]?\s*$")
_WORDY = regex.compile(r"(?:(?<![\w'\"])\p{L}{2,}[,;:]? ){5}\p{L}{2,}")
_MAX_FAILED_JSON = 50


def split_lines(text: str) -> list[Span]:
    """Lines as spans without their line break; `\\r\\n` and `\\n` end a line."""
    lines: list[Span] = []
    start = 0
    while (end := text.find("\n", start)) >= 0:
        lines.append((start, end - 1 if end > start and text[end - 1] == "\r" else end))
        start = end + 1
    lines.append((start, len(text)))
    return lines


def find_blocks(text: str, lines: list[Span]) -> Iterator[Block]:
    """Blocks in order, covering every line that is not blank."""
    finder = _BlockFinder(text, lines)
    while finder.at < len(lines):
        if finder.blank(finder.at):
            finder.at += 1
        else:
            yield from finder.next_blocks()


def looks_like_code(text: str, lines: list[Span]) -> bool:
    """Whether an unfenced text is source code as a whole."""
    filled = [(start, end) for start, end in lines if text[start:end].strip()]
    if len(filled) < 4:
        return False
    code = prose = 0
    for start, end in filled[:400]:
        if _LIST_ITEM.match(text, start, end) or _WORDY.search(text, start, end):
            prose += end - start > 40
        elif _CODE_LINE.fullmatch(text, start, end):
            code += 1
        elif end - start > 40 and _PROSE_LINE.match(text, start, end):
            prose += 1
    sampled = min(len(filled), 400)
    return code >= 0.45 * sampled and prose <= 0.25 * sampled


class _BlockFinder:
    def __init__(self, text: str, lines: list[Span]) -> None:
        self.text = text
        self.lines = lines
        self.at = 0
        self._failed_json = 0
        self._decoder = json.JSONDecoder()

    def blank(self, index: int) -> bool:
        start, end = self.lines[index]
        return not self.text[start:end].strip()

    def matches(self, pattern: "regex.Pattern[str]", index: int) -> bool:
        return index < len(self.lines) and pattern.match(self.text, *self.lines[index]) is not None

    def take(self, count: int, kind: BlockKind, header_lines: int = 0) -> Block:
        first, last = self.lines[self.at], self.lines[self.at + count - 1]
        header_end = self.lines[self.at + header_lines - 1][1] if header_lines else 0
        self.at += count
        return Block(first[0], last[1], kind, header_end)

    def next_blocks(self) -> Iterator[Block]:
        special = self._fence() or self._table() or self._json() or self._trace() or self._diff()
        if special:
            yield special
        elif self.matches(_HEADING, self.at):
            yield self.take(1, BlockKind.HEADING)
        else:
            yield from self._lines_of_paragraph()

    def _fence(self) -> Block | None:
        opening = _FENCE.match(self.text, *self.lines[self.at])
        if not opening:
            return None
        mark = opening["mark"]
        for index in range(self.at + 1, len(self.lines)):
            line = self.text[slice(*self.lines[index])].strip()
            if line.startswith(mark) and not line.strip(mark[0]):
                return self.take(index - self.at + 1, BlockKind.CODE)
        # No partner. Without a language it closes a block that began before this text, as in a chunk cut out of a document.
        if not self.text[opening.end() : self.lines[self.at][1]].strip():
            return self.take(1, BlockKind.CODE)
        return self.take(len(self.lines) - self.at, BlockKind.CODE)

    def _table(self) -> Block | None:
        if not self.matches(_TABLE_RULE, self.at + 1) or "|" not in self.text[slice(*self.lines[self.at])]:
            return None
        count = 2
        while self.at + count < len(self.lines) and "|" in self.text[slice(*self.lines[self.at + count])]:
            count += 1
        return self.take(count, BlockKind.TABLE, header_lines=2)

    def _json(self) -> Block | None:
        if not self.matches(_JSON_START, self.at) or self._failed_json >= _MAX_FAILED_JSON:
            return None
        start = self.lines[self.at][0]
        start += len(self.text[start:]) - len(self.text[start:].lstrip()) if self.text[start].isspace() else 0
        try:
            _, end = self._decoder.raw_decode(self.text, start)
        except (ValueError, RecursionError):
            self._failed_json += 1
            return None
        count = 1
        while self.lines[self.at + count - 1][1] < end:
            count += 1
        line_end = self.lines[self.at + count - 1][1]
        # Something after the value on its last line: a list of names in square brackets, say, not a document.
        return None if self.text[end:line_end].strip() else self.take(count, BlockKind.JSON)

    def _trace(self) -> Block | None:
        count = 0
        if self.matches(_TRACE, self.at):
            count = 1
            while self.at + count < len(self.lines) and self.text[slice(*self.lines[self.at + count])].startswith(
                (" ", "\t")
            ):
                count += 1
            count += self.at + count < len(self.lines) and not self.blank(self.at + count)
        elif self.matches(_TRACE_FRAME, self.at + 1):
            count = 2
            while self.matches(_TRACE_FRAME, self.at + count):
                count += 1
        return self.take(count, BlockKind.CODE) if count else None

    def _diff(self) -> Block | None:
        header = self.text[slice(*self.lines[self.at])].startswith("--- ") and (
            self.at + 1 < len(self.lines) and self.text[slice(*self.lines[self.at + 1])].startswith("+++ ")
        )
        if not header and not self.matches(_DIFF, self.at):
            return None
        count = 1
        while self.matches(_DIFF_BODY, self.at + count) and not self._starts_file(self.at + count):
            count += 1
        while count > 1 and self.blank(self.at + count - 1):
            count -= 1
        return self.take(count, BlockKind.CODE)

    def _starts_file(self, index: int) -> bool:
        return self.text[slice(*self.lines[index])].startswith(("diff --git ", "Index: "))

    def _lines_of_paragraph(self) -> Iterator[Block]:
        """Consecutive lines up to a blank or special one, each a block unless they are one hard-wrapped paragraph."""
        first = self.at
        while self.at < len(self.lines) and not self.blank(self.at) and (self.at == first or not self._special()):
            self.at += 1
        stop = self.at
        kinds = [self._line_kind(index) for index in range(first, stop)]
        logs = kinds.count(BlockKind.LOG_LINE)
        turns = kinds.count(BlockKind.TURN)
        speakers = {self._speaker(first + offset) for offset, kind in enumerate(kinds) if kind is BlockKind.TURN}
        is_log = logs >= 3 and logs >= 0.7 * len(kinds)
        # Labelled paragraphs (`METHODS: ...`) look like turns, but no label comes twice.
        is_chat = turns >= 3 and turns >= 0.4 * len(kinds) and turns >= logs and len(speakers) < turns
        widest = max(end - start for start, end in self.lines[first:stop])
        begin = first
        for index in range(first, stop):
            if index + 1 < stop and not is_log and not is_chat and self._wraps(index, kinds[index + 1 - first], widest):
                continue
            block_kind = kinds[begin - first]
            if is_chat:
                block_kind = BlockKind.TURN
            elif is_log:
                block_kind = BlockKind.LOG_LINE
            elif block_kind in (BlockKind.LOG_LINE, BlockKind.TURN):
                block_kind = BlockKind.PARAGRAPH
            yield Block(self.lines[begin][0], self.lines[index][1], block_kind)
            begin = index + 1

    def _speaker(self, index: int) -> str:
        match = _TURN.match(self.text, *self.lines[index])
        return match["name"] if match else ""

    def _special(self) -> bool:
        at = self.at
        return (
            self.matches(_FENCE, at)
            or self.matches(_HEADING, at)
            or self.matches(_TRACE, at)
            or self.matches(_TRACE_FRAME, at + 1)
            or self.matches(_DIFF, at)
            or self.matches(_JSON_START, at)
            or self.matches(_TABLE_RULE, at + 1)
        )

    def _line_kind(self, index: int) -> BlockKind:
        if self.matches(_LIST_ITEM, index):
            return BlockKind.LIST_ITEM
        if self.matches(_TURN, index) and not self.matches(_LOG, index):
            return BlockKind.TURN
        if self.matches(_TURN, index):
            return BlockKind.TURN if "<" in self.text[slice(*self.lines[index])][:40] else BlockKind.LOG_LINE
        if self.matches(_LOG, index):
            return BlockKind.LOG_LINE
        return BlockKind.PARAGRAPH

    def _wraps(self, index: int, next_kind: BlockKind, widest: int) -> bool:
        """Whether the line goes on in the next one, as in text wrapped at a fixed width."""
        start, end = self.lines[index]
        if next_kind is not BlockKind.PARAGRAPH or self.matches(_LOG, index):
            return False
        next_start = self.lines[index + 1][0]
        if self.text[next_start : next_start + 1].islower():
            return end - start >= 30
        full = end - start >= 0.7 * widest and 40 <= widest <= 130
        return (
            full
            and not self.text[start:end].rstrip().endswith((":", "："))
            and (not self.text[start:end].rstrip().endswith((".", "!", "?", "。")))
        )
