"""What must stay: `<keep>` tags, protect patterns, and in strict mode every fact."""

from collections.abc import Sequence
from dataclasses import dataclass

import re2
import regex

from promptpress.content import Passage
from promptpress.errors import InvalidPattern
from promptpress.text.facts import fact_spans
from promptpress.text.spans import Span, SpanSet, merge

MAX_PATTERN_LENGTH = 1000
_TAG = regex.compile(r"<(?P<closing>/?)keep>")


@dataclass(frozen=True)
class KeepTags:
    """`<keep>` regions of one text: what they enclose, and the tags themselves, which are never part of a result."""

    kept: list[Span]
    tags: list[Span]
    unbalanced: bool


def find_keep_tags(text: str) -> KeepTags:
    """Balanced, possibly nested `<keep>...</keep>` regions. A tag without its partner is ordinary text."""
    if "<keep>" not in text and "</keep>" not in text:
        return KeepTags([], [], False)
    kept: list[Span] = []
    tags: list[Span] = []
    opened: list[Span] = []
    unbalanced = False
    for match in _TAG.finditer(text):
        if not match["closing"]:
            opened.append(match.span())
        elif opened:
            opening = opened.pop()
            tags += [opening, match.span()]
            kept.append((opening[1], match.start()))
        else:
            unbalanced = True
    return KeepTags(merge(kept), merge(tags), unbalanced or bool(opened))


def compile_patterns(patterns: Sequence[str]) -> list["re2._Regexp[str]"]:
    """Compile protect patterns with RE2, whose matching time is linear in the text whatever the pattern.

    Raises InvalidPattern, naming the position in `protect_patterns`, for a pattern that is too long, malformed, or uses
    look-around or back-references, which no linear-time engine offers.
    """
    options = re2.Options()
    options.log_errors = False
    compiled = []
    for index, pattern in enumerate(patterns):
        field = f"protect_patterns[{index}]"
        if len(pattern) > MAX_PATTERN_LENGTH:
            raise InvalidPattern(f"pattern is longer than {MAX_PATTERN_LENGTH} characters", field)
        try:
            compiled.append(re2.compile(pattern, options))
        except re2.error as error:
            reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            raise InvalidPattern(
                f"not a regular expression that RE2 accepts: {reason}; look-around and back-references are not available",
                field,
            ) from None
    return compiled


def protected_units(
    passage: Passage, kept: Sequence[Span], patterns: Sequence["re2._Regexp[str]"], strict: bool
) -> set[int]:
    """Indices of the units that hold protected text; a unit is protected as a whole."""
    spans = list(kept)
    spans += [match.span() for pattern in patterns for match in pattern.finditer(passage.text)]
    if strict:
        spans += fact_spans(passage.text)
    protected = SpanSet(spans)
    return {i for i, unit in enumerate(passage.units) if protected.overlaps(unit.start, unit.end)} if spans else set()
