"""Grapheme clusters: what a reader sees as one character."""

import regex

_CLUSTER = regex.compile(r"\X")
_JOINING = regex.compile(
    r"[\p{M}\p{Cf}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]|\r\n"
)
# Longer than every emoji sequence in use; a run of more combining marks than this may be cut where it falls.
_REACH = 40


def may_hold_clusters(text: str) -> bool:
    """Whether any cluster of the text can be longer than one character; fast, and never wrongly False."""
    return (not text.isascii() and _JOINING.search(text) is not None) or "\r\n" in text


def splits_cluster(text: str, position: int) -> bool:
    """Whether `position` lies inside a grapheme cluster of the text."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before.isascii() and after.isascii():
        return before == "\r" and after == "\n"
    start = max(0, position - _REACH)
    return all(match.end() != position for match in _CLUSTER.finditer(text, start, position + _REACH))


def clusters(text: str) -> list[str]:
    """The clusters of a text, in order."""
    found: list[str] = _CLUSTER.findall(text)
    return found
