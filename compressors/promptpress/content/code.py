"""Source code without fences, as a whole text."""

from typing import ClassVar

import regex

from promptpress.content.base import WholeText
from promptpress.content.brace_code import brace_units
from promptpress.content.compiler_messages import CompilerMessages
from promptpress.content.git_status import GitStatus
from promptpress.content.json import Json
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.lists import LIST_ITEM
from promptpress.content.plans import Plans
from promptpress.content.python_code import python_tree, python_units
from promptpress.content.run_reports import TestReports
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check
from promptpress.text.spans import Span, trim

CODE_CHUNK = 1600
"""Characters up to which a run of code lines stays one unit even where it has blank lines at its outer level."""

_CODE_LINE = regex.compile(
    r"""\s*(?:def\ |class\ |import\ |from\ \S+\ import|return\b|(?:if|for|while|elif|else|try|except|with|switch)\b.*[:{]\s*$
    |(?:const|let|var|function|export|public|private|static|async|func|fn|struct|package|\#include|using|namespace|type)\b
    |@\w+|//|/\*|\*/|\*\ |[}\])]+[;,]?\s*$|"{3}|'{3}).*|.*(?:[{};(\[]|=>|\\)\s*$|\s*[\w.\[\]'"]+\s*[-+*/|]?=\s*\S.*
    |\s*[\w.]+\([^)]*\)[;,:]?\s*$|\s++["'\w.].*,\s*$|\s*\#[ !].*""",
    regex.VERBOSE,
)
_PROSE_LINE = regex.compile(r"\s*[\p{Lu}\p{Lo}\"“'(].*[\p{L}\p{N}\"”')]{2}[.!?。！？:]?\s*$")
_WORDY = regex.compile(r"(?:(?<![\w'\"])\p{L}{2,}[,;:]? ){5}\p{L}{2,}")
_DEFINITION = regex.compile(
    r"^[ \t]*+(?:(?:async[ ]+)?def[ ]+\w+[ ]*\(|class[ ]+\w+[ ]*[:(]|import[ ]+\w|from[ ]+[\w.]+[ ]+import[ ])",
    regex.MULTILINE,
)
_CODE_BREAK = regex.compile(r"\n[ \t]*\r?\n(?=(?P<indent>[ \t]*)\S)")
_SAMPLE_LINES = 400
_OUTPUT_WITH_CODE = (Plans(), TestReports(), CompilerMessages(), GitStatus())
"""Types of output that quotes code but is none."""
_FEWEST_LINES = 4
_LONG_LINE = 40
"""Characters above which a line that reads as a sentence counts as prose."""
_LEAST_DATA_LINES = 3


class Code(WholeText):
    """A text whose lines are mostly statements. One with fences is Markdown, whatever its lines look like."""

    name: ClassVar[str] = "code"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """A unit for each definition or other run of statements between blank lines; long ones are divided where the
        language is known.
        """
        if "```" in lines.text or "~~~" in lines.text:
            return False
        tree = python_tree(lines.text) if _DEFINITION.search(lines.text) else None
        if tree is None and not _is_code(lines):
            return False
        if any(each.holds(lines) for each in _OUTPUT_WITH_CODE):
            return False
        tree = tree or python_tree(lines.text)
        if tree is not None:
            python_units(lines, tree, out)
        elif not brace_units(lines, out):
            for span in _chunks(lines.text, *trim(lines.text)):
                out.add(*span, Kind.CODE)
        return True


def _is_code(lines: Lines) -> bool:
    filled = _without_data(lines)
    if len(filled) < _FEWEST_LINES:
        return False
    code = prose = 0
    for start, end in filled[:_SAMPLE_LINES]:
        if LIST_ITEM.match(lines.text, start, end) or _WORDY.search(lines.text, start, end):
            prose += end - start > _LONG_LINE
        elif lines.text[start] == "#" and lines.text.startswith(("\n\n", "\r\n\r\n"), end):
            continue  # A heading; a comment stands on top of what it is about.
        elif _CODE_LINE.fullmatch(lines.text, start, end):
            code += 1
        elif end - start > _LONG_LINE and _PROSE_LINE.match(lines.text, start, end):
            prose += 1
    sampled = min(len(filled), _SAMPLE_LINES)
    return code >= 0.45 * sampled and prose <= 0.25 * sampled


def _without_data(lines: Lines) -> list[Span]:
    """The first lines that are not blank and belong to no JSON value of several lines, which looks like code but is none."""
    filled: list[Span] = []
    values, at = Json(), 0
    while at < len(lines) and len(filled) < _SAMPLE_LINES:
        taken = values.block(lines, at)
        if taken < _LEAST_DATA_LINES:
            taken = 1
            if not lines.blank(at):
                filled.append(lines.spans[at])
        at += taken
    return filled


def _chunks(text: str, start: int, end: int) -> list[Span]:
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
            divided.extend(_without_blank_lines(text, a, b) for a, b in zip(starts, stops, strict=True))
        chunks = [chunk for chunk in divided if chunk[0] < chunk[1]]
    return chunks


def _without_blank_lines(text: str, start: int, end: int) -> Span:
    """Without white space at the end and blank lines at the beginning; the first line keeps its indentation."""
    first, end = trim(text, start, end)
    return (max(start, text.rfind("\n", start, first) + 1), end) if first < end else (end, end)
