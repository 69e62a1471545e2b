"""Lines that stand by themselves: listings, progress of tools, addresses, verses."""

from collections.abc import Iterator
from itertools import pairwise

import regex

from promptpress.content.kinds import Kind
from promptpress.content.line_blocks import FoundBlocks, LineUnits, paragraphs
from promptpress.content.lines import Lines
from promptpress.content.lists import LIST_ITEM
from promptpress.content.logs import LOG_LINE
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_ENTRY = regex.compile(
    r"""[dlcbps-][rwxsStT-]{9}[+@.]?\ |total\ \d+$|https?://\S+$|(?:\./|/|~/)?(?:[\w.@~+\-]+/)+[\w.@~+\-]*$
    |(?:[MADRCU?!][MADRCU?!\ ]|\ [MADRCU?!])\ \S+|[0-9a-f]{7,40}\ \S
    |[*+\ ]\ [\w./\-]+\s+[0-9a-f]{7,12}\ |[*|\\/\ ]+[0-9a-f]{7,12}\ \S
    |\s*(?:[✓✔✗✘×●○▸►⚠❌✅➜]|PASS(?:ED)?|FAIL(?:ED)?|ok|not\ ok|SKIP(?:PED)?|Passed|Failed)\b?\s|\[\s*\d+(?:%|/\d+)\]
    |\d+\ bytes\ from|(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\ [/h]|(?:Step\ \d+/\d+|\#\d+\ )|(?:npm|yarn
    |pnpm|pip)\ \w+|make(?:\[\d+\])?:\ |\$\ \S
    |(?:export\ )?[A-Z][A-Z0-9_]*=|[\w.\-]+==[\d.]+|\S+@\d+\.\d+\S*$|\s*(?:[├└│`|]+[─\-]+\ )\S|[\d.]+[KMGTB]?\s+\.?/\S
    |\s*(?:Compiling|Downloading|Downloaded|Installing|Collecting|Fetching|Building|Linking|Get:\d+|Hit:\d+
    |Requirement\ already|Successfully
    |Unpacking|Setting\ up|Preparing|Selecting|Reading|Checking|Finished|Pulling|Extracting|Copying|Created
    |Creating|Removed|Removing|Deleted|Deleting)\ \S
    |(?:@\w+|(?:[\d*/,\-]+\s+){5})\s*\S|[\w.\-]+\.[A-Za-z]{2,4}\s*$|\S+\ \.\.\.\ (?:ok|FAIL|ERROR|skipped)""",
    regex.VERBOSE,
)
_TURN = regex.compile(r"\s*(?:<\S{1,30}>|[\p{Lu}\p{Lo}][\w .'-]{0,30}[:：]\s)")
_STOPS = regex.compile(r"[.!?。！？][\"”’»)]*\s*$")
_FEWEST = 3
_LEAST_ENTRIES = 0.6
_FEWEST_VERSES = 4
_LONGEST_VERSE = 72
_SAMPLE = 60


class Listings(FoundBlocks):
    """A paragraph of which most lines begin as lines of tools do."""

    name = "listings"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Such paragraphs."""
        for first, stop in paragraphs(lines):
            check()
            rows = range(first, min(stop, first + _SAMPLE))
            entries = sum(lines.matches(_ENTRY, at) for at in rows)
            items = sum(lines.matches(LIST_ITEM, at) and not lines.matches(_ENTRY, at) for at in rows)
            if len(rows) >= _FEWEST and entries >= _LEAST_ENTRIES * len(rows) and items <= 0.2 * len(rows):
                yield first, stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each line."""
        units = LineUnits(text, start, end, out)
        for at in range(len(units.lines)):
            check()
            units.add(at, at + 1, kind=Kind.LOG_LINE)


class Verses(FoundBlocks):
    """Short lines that were not wrapped at a width: more words would have fitted into most of them."""

    name = "verses"

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Paragraphs of verses."""
        for first, stop in paragraphs(lines):
            check()
            if stop - first >= _FEWEST_VERSES and _are_verses(lines, first, stop):
                yield first, stop

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A unit for each line."""
        units = LineUnits(text, start, end, out)
        for at in range(len(units.lines)):
            check()
            units.add(at, at + 1, kind=Kind.SENTENCE)


def _are_verses(lines: Lines, first: int, stop: int) -> bool:
    rows = range(first, min(stop, first + _SAMPLE))
    texts = [lines[at].strip() for at in rows]
    widest = max(len(line) for line in texts)
    if widest > _LONGEST_VERSE or any(
        lines.matches(each, at) for at in rows for each in (LIST_ITEM, LOG_LINE, _TURN, _MARKUP)
    ):
        return False
    room = sum(len(above) + 1 + len(below.split(maxsplit=1)[0]) <= widest for above, below in pairwise(texts))
    begin = sum(not line[0].islower() for line in texts)
    stops = sum(_STOPS.search(line) is not None for line in texts)
    return room >= 0.5 * (len(texts) - 1) and begin >= 0.75 * len(texts) and stops <= 0.5 * len(texts)


_MARKUP = regex.compile(r"\s*[<>|#{}\[\]\\=+]|.*[{};=<>|\\]\s*$|.*\S {2,}\S|\t")
