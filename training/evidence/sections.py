"""Groups from documents with headings, and from questions with their answers beneath."""

from collections.abc import Iterator, Sequence
from random import Random

import regex

from promptpress.content.sentences import sentence_spans
from training.evidence.encyclopedia import shuffled
from training.evidence.groups import Group

_HEADING = regex.compile(
    r"^#{1,4} +(?P<marked>[^\n]{8,90})$|^(?P<lined>[^\n]{8,90})\n[=~-]{6,}$|^(?P<asked>[^\n]{8,120}\?)$", regex.M
)
_LEAST, _MOST = 150, 1500
_DOCUMENTS = 6


def sections(documents: Sequence[str], count: int, random: Random) -> Iterator[Group]:
    """A heading asks; its section's first sentences answer; other sections of the same document are the negatives."""
    made = 0
    for _ in range(50 * count):
        if made == count:
            return
        parts = _parts(random.choice(documents))
        if len(parts) < 3:
            continue
        if len(parts) > _DOCUMENTS:
            at = random.randrange(len(parts) - _DOCUMENTS + 1)
            parts = parts[at : at + _DOCUMENTS]
        chosen = random.randrange(len(parts))
        heading, text = parts[chosen]
        parts[0], parts[chosen] = parts[chosen], parts[0]
        spans = sentence_spans(text, 0, len(text))[:2]
        query = heading if random.random() < 0.7 else heading.lower().rstrip(" ?")
        needs = [[(0, *span) for span in spans]]
        yield shuffled("section", query, [("", body) for _, body in parts], needs, [], random=random)
        made += 1


def _parts(document: str) -> list[tuple[str, str]]:
    found = list(_HEADING.finditer(document[:60_000]))
    parts = []
    ends = [*(match.start() for match in found[1:]), len(document)]
    for match, end in zip(found, ends, strict=False):
        text = document[match.end() : end].strip()[:_MOST]
        heading = next(group for group in match.groups() if group).strip(" #?")
        if len(text) >= _LEAST:
            parts.append((heading, text))
    return parts
