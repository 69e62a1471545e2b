"""Records between marks of begin and end: vCards, calendars, BibTeX, and blocks of configuration in braces."""

from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.base import WholeText
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines, split_lines
from promptpress.content.nested import WHOLE, Node, NodeWriter, whole_length
from promptpress.content.records import RecordType
from promptpress.content.unit_list import UnitList
from promptpress.runtime.cancellation import check

_BEGIN = regex.compile(r"BEGIN:(?P<name>[A-Z0-9-]+)\s*$", regex.IGNORECASE)
_END = regex.compile(r"END:[A-Z0-9-]+\s*$", regex.IGNORECASE)
_BIB_ENTRY = regex.compile(r"\s*@(?P<name>\w+)\s*\{[^,{}\s]+,")
_IDENTITY = regex.compile(r"\s*(?:(?:FN|SUMMARY|DTSTART|UID)\b[^:\n]*:|(?:title|author|year|date)\s*=)", regex.IGNORECASE)
_LONGEST_IDENTITY = 200


class Cards(RecordType):
    """`BEGIN:` to `END:`, as in vCards and calendars; components may be inside others."""

    name: ClassVar[str] = "cards"
    fewest: ClassVar[int] = 1

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each outermost component."""
        depth = first = 0
        for index in range(len(lines)):
            if lines.matches(_BEGIN, index):
                first = index if depth == 0 else first
                depth += 1
            elif depth and lines.matches(_END, index):
                depth -= 1
                if depth == 0:
                    yield first, index + 1

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """A component as one unit if it is short; else its first and last line, and what is between them."""
        open_nodes = [Node(start, start)]
        for a, b in ((start + a, start + b) for a, b in split_lines(text[start:end])):
            check()
            node = Node(a, b, b, b, identity=b - a <= _LONGEST_IDENTITY and _IDENTITY.match(text, a, b) is not None)
            if _BEGIN.match(text, a, b):
                open_nodes[-1].children.append(node)
                open_nodes.append(node)
            elif _END.match(text, a, b) and len(open_nodes) > 1:
                closed = open_nodes.pop()
                closed.closing, closed.end = a, b
            elif text[a] in " \t" and open_nodes[-1].children:
                open_nodes[-1].children[-1].end = b  # a folded line
            elif a < b:
                open_nodes[-1].children.append(node)
        writer = NodeWriter(out, Kind.RECORD, WHOLE, whole_at=_has_no_components)
        for node in open_nodes[0].children:
            writer.add(node)


def _has_no_components(node: Node) -> bool:
    return not any(child.children for child in node.children)


class BibEntries(RecordType):
    """Entries of BibTeX."""

    name: ClassVar[str] = "bib_entries"
    fewest: ClassVar[int] = 1

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each entry to its closing brace."""
        at = 0
        while at < len(lines):
            end = _braces_end(lines, at) if lines.matches(_BIB_ENTRY, at) else None
            if end is not None:
                yield at, end
            at = at + 1 if end is None else end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The entry as one unit if it is short; else its first and last line, and its fields."""
        lines = [(start + a, start + b) for a, b in split_lines(text[start:end])]
        if len(lines) < 3 or text[slice(*lines[-1])].strip() != "}":
            out.add(start, end, Kind.RECORD)
            return
        node = Node(start, lines[0][1], lines[-1][0], end)
        depth = 0
        for a, b in lines[1:-1]:
            if depth > 0 and node.children:
                node.children[-1].end = b
            elif text[a:b].strip():
                node.children.append(Node(a, b, b, b, identity=_IDENTITY.match(text, a, b) is not None))
            depth += text.count("{", a, b) - text.count("}", a, b)
        NodeWriter(out, Kind.RECORD, WHOLE).add(node)


def _braces_end(lines: Lines, at: int) -> int | None:
    depth = 0
    for index in range(at, min(len(lines), at + 500)):
        depth += lines[index].count("{") - lines[index].count("}")
        if depth <= 0:
            return index + 1 if lines[index].rstrip().endswith("}") else None
    return None


_OPENS = regex.compile(r"""[\w./~^$*:@\-"'|()\\{}=?+,\t ]++(?<=\{)$""")
_MOST_WORDS = 12
_LONGEST_LINE = 1000
"""Characters of a line from which on a text is no configuration."""
_CLOSES = regex.compile(r"\s*\}[,;]?\s*(?:#.*)?$")
_DIRECTIVE = regex.compile(
    r"""\s*(?:[\w$.\-"]+\s*=(?!=)\s*\S.*|[\w$.\-]+\s*:\s*\S.*|[a-z@$][\w.\-]*(?:\s+[^\s;]+.*)?[^;,{}\s]?;?)\s*(?:#.*)?$"""
)
_COMMENT = regex.compile(r"\s*(?:#|//)")
_CODE = regex.compile(
    r"\s*(?:(?:export|import|function|def|fn|func|class|struct|interface|public|private|static|const|let|var|return|if|else|for|while|switch|try|catch|package|namespace|type|enum|impl|use|using|async|await|throw|new)\b(?!\s*[\"'].*\{\s*$)|.*(?:=>|\)\s*\{\s*$|\);\s*$|::))"
)


def _opens(line: str) -> bool:
    """Whether the line begins a block: some words and an opening brace."""
    bare = line.partition(" #")[0].strip()
    return bare.endswith("{") and len(bare.split()) <= _MOST_WORDS and _OPENS.match(bare) is not None


class BraceBlocks(WholeText):
    """Configuration of nested blocks in braces, as of nginx, Terraform and Caddy."""

    name: ClassVar[str] = "brace_blocks"

    def whole_text(self, lines: Lines, out: UnitList) -> bool:
        """A unit for each directive and each short block; a directive requires the blocks that it is in."""
        root = _blocks_of(lines)
        if root is None:
            return False
        writer = NodeWriter(out, Kind.RECORD, whole_length(len(lines.text)))
        for node in root.children:
            writer.add(node)
        return True


def _blocks_of(lines: Lines) -> Node | None:
    reader = _BlockReader()
    comment: int | None = None
    for start, end in lines.spans:
        check()
        line = lines.text[start:end]
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            return None
        if _COMMENT.match(line):
            comment = start if comment is None else comment
            continue
        if not reader.add(line, Node(start if comment is None else comment, end, end, end)):
            return None
        comment = None
    if not reader.is_configuration():
        return None
    if comment is not None:
        end = lines.filled[-1][1]
        reader.root.children.append(Node(comment, end, end, end))
    return reader.root


class _BlockReader:
    """Blocks in braces, read line by line."""

    def __init__(self) -> None:
        self.root = Node(0, 0)
        self._open = [self.root]
        self._blocks = self._code = self._directives = 0

    def add(self, line: str, node: Node) -> bool:
        """Add a line with the comments above it; False if it cannot stand where it stands."""
        children = self._open[-1].children
        self._code += _CODE.match(line) is not None
        if _CLOSES.match(line):
            if len(self._open) == 1:
                return False
            closed = self._open.pop()
            closed.closing, closed.end = node.start, node.end
        elif _opens(line):
            self._blocks += 1
            children.append(node)
            self._open.append(node)
        elif _DIRECTIVE.match(line):
            self._directives += 1
            children.append(node)
        elif children and not children[-1].children:
            # The directive before goes on.
            children[-1].end = children[-1].closing = node.end
        else:
            return False
        return True

    def is_configuration(self) -> bool:
        """Whether every block is closed, and there are blocks and directives enough and hardly any code."""
        lines = self._blocks + self._directives
        return len(self._open) == 1 and self._blocks >= 2 and self._directives >= 3 and self._code <= 0.05 * lines
