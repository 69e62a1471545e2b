"""Runs of base64 and the like: characters without words."""

import regex

BLOB = regex.compile(r"(?:data:[\w./+\-]{1,60}(?:;[\w=\-]{1,30}){0,3},[^\s\"'<>)]{80,}|[A-Za-z0-9+/_\-]{160,}+={0,2})")
"""A data URL, or 160 characters and more without a space or a stop."""
_MIXED = regex.compile(r"(?=[^\s]*?[a-z])(?=[^\s]*?[A-Z])(?=[^\s]*?[0-9])")


def blob_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Every run in `text[start:end]` that cannot be words: both cases and digits."""
    return [
        match.span()
        for match in BLOB.finditer(text, start, end)
        if match.group().startswith("data:") or _MIXED.match(match.group()[:200])
    ]
