"""Lines that hold base64, keys or data URLs: kept or dropped whole, and last."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.sentences import sentence_spans
from promptpress.content.unit_list import UnitList
from promptpress.text.blobs import blob_spans
from promptpress.text.spans import trim

_ARMOUR = regex.compile(r"\s*-----BEGIN [A-Z0-9 ]+-----\s*$")
_ARMOUR_END = regex.compile(r"\s*-----END [A-Z0-9 ]+-----\s*$")
_BASE64_LINE = regex.compile(r"\s*[A-Za-z0-9+/]{60,}={0,2}\s*$")


class Opaque(BlockType):
    """A line with a run of 160 characters that are no words, a key between its marks, or lines of base64."""

    name: ClassVar[str] = "opaque"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether the line has such a run."""
        start, end = lines.spans[at]
        return lines.matches(_ARMOUR, at) or (end - start >= 160 and bool(blob_spans(lines.text, start, end)))

    def block(self, lines: Lines, at: int) -> int:
        """The line, or all lines of a key or of base64."""
        if lines.matches(_ARMOUR, at):
            end = next((i for i in range(at + 1, min(len(lines), at + 400)) if lines.matches(_ARMOUR_END, i)), None)
            return 0 if end is None else end - at + 1
        count = 0
        while lines.matches(_BASE64_LINE, at + count):
            count += 1
        return count if count >= 3 else int(self.begins(lines, at))

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The run with what it is attached to, and the sentences before and behind it."""
        blobs = [] if "\n" in text[start:end] else blob_spans(text, start, end)
        if not blobs:
            out.add(start, end, Kind.OPAQUE)
            return
        a, b = blobs[0][0], blobs[-1][1]
        while a > start and not text[a - 1].isspace():
            a -= 1
        while b < end and not text[b].isspace():
            b += 1
        image = text.rfind("![", start, a)
        a = image if image >= 0 and "]" not in text[image:a] else a
        label = text[start:a]
        if len(label) <= 60 and label.rstrip().endswith((":", "=")):
            a = start
        for first, last in ((start, a), (b, end)):
            if first >= b:
                out.add(a, b, Kind.OPAQUE)
            for span in sentence_spans(text, *trim(text, first, last)):
                out.add(*span, Kind.SENTENCE)
