"""E-mails one behind the other: what is kept of a body stands under who wrote it, when and about what."""

import itertools
from collections.abc import Iterator
from typing import ClassVar

import regex

from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.records import RecordType
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim

_HEADER = regex.compile(
    r"""(?:\*{1,2})?(?:(?P<main>From|Date|Sent|Subject|Von|Gesendet|Datum|Betreff|De|Envoyé|Objet|Enviado(?:\ el)?
    |Fecha|Asunto
    |Da|Inviato|Data|Oggetto|Van|Verzonden|Onderwerp|Från|Skickat|Ämne|Od|Temat|От|Дата|Тема|发件人|发送时间|主题|差出人|日時|件名)
    |To|Cc|Bcc|Reply-To|Message-ID|In-Reply-To|References|An|Kopie|À|Para|CC|A|Aan|Till|Do|Кому|收件人|抄送|宛先
    |Attachments?|Return-Path|Received|MIME-Version|Content-[\w-]+|X-[\w-]+)[ ]?:\*{0,2}(?:\s|$)
    |(?P<main>发件人|发送时间|主题|差出人|日時|件名)：|(?:收件人|抄送|宛先)：""",
    regex.VERBOSE,
)
_DIVIDER = regex.compile(r"\s*-{3,}\s*\p{L}[\p{L} ]{3,40}-{3,}\s*$|From \S+@\S+ ")
_ADDRESS = regex.compile(r"\S@\S")
_FEWEST_LINES = 2


class Mails(RecordType):
    """A block of header fields, and the text behind it up to the next one."""

    name: ClassVar[str] = "mails"
    fewest: ClassVar[int] = 1

    def find(self, lines: Lines) -> Iterator[tuple[int, int]]:
        """Each mail, from its header on, or from the line that divides it from the one before."""
        heads = []
        at = 0
        while at < len(lines):
            end = _header_end(lines, at)
            if end:
                divided = at > 0 and lines.matches(_DIVIDER, at - 1)
                heads.append(at - divided)
            at = max(end, at + 1)
        for first, following in itertools.pairwise([*heads, len(lines)]):
            end = following
            while lines.blank(end - 1):
                end -= 1
            yield first, end

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The header's fields, and the units of the body, which require who, when and what about."""
        lines = Lines(text[start:end])
        first = int(not lines.matches(_HEADER, 0))
        stop = max(_header_end(lines, first), first + 1)
        has_body = stop < len(lines)
        required: list[int] = []
        head: int | None = None
        for index in range(stop):
            a, b = (start + edge for edge in lines.spans[index])
            match = _HEADER.match(text, a, b)
            needed = index < first or (match is not None and match["main"] is not None)
            above = () if head is None else (head,)
            unit = out.add(a, b, Kind.RECORD, structural=has_body and needed, requires=above)
            head = unit if head is None else head
            if needed and unit != head:
                required.append(unit)
        if head is not None and has_body:
            out.require(head, *required)
            with out.under(head):
                out.add_blocks(text, *trim(text, start + lines.spans[stop][0], end))


def _header_end(lines: Lines, first: int) -> int:
    """The line behind a header that begins with line `first`; 0 if none does."""
    if first > 0 and not lines.blank(first - 1) and not lines.matches(_DIVIDER, first - 1):
        return 0
    at = first
    main = 0
    while at < len(lines):
        match = _HEADER.match(lines.text, *lines.spans[at])
        if match:
            main += match["main"] is not None
        elif at == first or lines.blank(at) or lines[at][:1] not in " \t":
            break  # a folded field goes on behind white space
        at += 1
    if at - first < _FEWEST_LINES or main < _FEWEST_LINES:
        return 0
    addressed = _ADDRESS.search(lines.text, lines.spans[first][0], lines.spans[at - 1][1]) is not None
    return at if addressed or at - first >= 3 else 0
