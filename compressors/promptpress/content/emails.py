"""Messages under headers: `From:`, `Date:`, `Subject:` above what was written."""

from typing import ClassVar

import regex

from promptpress.content.base import BlockType
from promptpress.content.kinds import Kind
from promptpress.content.lines import Lines
from promptpress.content.scopes import Level, Scope
from promptpress.content.unit_list import UnitList
from promptpress.text.spans import trim_lines

_FROM = regex.compile(
    r"[ ]{0,3}\*{0,2}(?:From|Von|De|Da|Van|Från|Fra|Od|Kimden|От)\*{0,2}[ ]?[:：]\*{0,2}[ \t]*\S", regex.IGNORECASE
)
_HEADER = regex.compile(
    r"[ ]{0,3}\*{0,2}(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Message-ID|In-Reply-To|References|Importance|Attachments?"
    r"|Von|An|Gesendet|Datum|Betreff|Kopie|De|À|A|Pour|Envoyé|Objet|Para|Enviado(?:\sel)?|Fecha|Asunto|Da|Inviato|Data|Oggetto"
    r"|Van|Aan|Verzonden|Onderwerp|Assunto|Från|Till|Skickat|Ämne|Od|Do|Temat|Komu|Předmět|X-[\w-]+|MIME-Version|Content-[\w-]+)"
    r"\*{0,2}[ ]?[:：]\*{0,2}(?:[ \t]|$)",
    regex.IGNORECASE,
)
_SEPARATOR = regex.compile(r"[ ]{0,3}[-_*=]{2,}[^\n]{0,60}[-_*=]{2,}[ \t]*$|[ ]{0,3}_{10,}[ \t]*$")
_LEAST_HEADERS = 2


class Emails(BlockType):
    """The header of a message. What follows belongs to it up to the next header."""

    name: ClassVar[str] = "emails"

    def begins(self, lines: Lines, at: int) -> bool:
        """Whether a header begins here."""
        return self.block(lines, at) > 0

    def block(self, lines: Lines, at: int) -> int:
        """A separator, if there is one, and the lines of the header."""
        above = 0
        if lines.matches(_SEPARATOR, at):
            following = lines.filled_after(at)
            if following is None or following > at + 2:
                return 0
            above = following - at
        if not lines.matches(_HEADER, at + above):
            return 0
        count = above
        senders = 0
        while lines.matches(_HEADER, at + count):
            senders += lines.matches(_FROM, at + count)
            count += 1
        return count if senders == 1 and count - above >= _LEAST_HEADERS else 0

    def scope(self, lines: Lines, start: int, end: int) -> Scope:
        """Up to the next message."""
        return Scope(Level.MESSAGE)

    def units(self, text: str, start: int, end: int, out: UnitList) -> None:
        """The sender with the separator, which every other line requires."""
        rows = trim_lines(text, start, end)
        sender = next(index for index, row in enumerate(rows) if _FROM.match(text, *row))
        first = out.add(rows[0][0], rows[sender][1], Kind.HEADING, structural=True)
        with out.under(first):
            for row in rows[sender + 1 :]:
                out.add(*row, Kind.LIST_ITEM)
