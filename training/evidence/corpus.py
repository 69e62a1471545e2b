"""Reads the training corpora: xz-compressed text, documents separated by a line `<|endoftext|>`."""

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SEPARATOR = "<|endoftext|>"
_PARAGRAPH = (200, 1400)


@dataclass(frozen=True)
class Article:
    """An encyclopedia article: its title and the paragraphs long enough to hold something."""

    title: str
    paragraphs: list[str]


def documents(path: Path) -> Iterator[str]:
    """The documents of one corpus file, in order."""
    lines: list[str] = []
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.rstrip("\n") == _SEPARATOR:
                yield "".join(lines).strip()
                lines = []
            else:
                lines.append(line)
    if lines:
        yield "".join(lines).strip()


def articles(path: Path, most: int) -> Iterator[Article]:
    """Up to `most` articles that have a title line and at least one paragraph of prose."""
    found = 0
    for document in documents(path):
        title, _, body = document.partition("\n")
        shortest, longest = _PARAGRAPH
        paragraphs = [p for p in body.split("\n") if shortest <= len(p) <= longest]
        if paragraphs and 1 < len(title) < 60:
            yield Article(title.strip(), paragraphs)
            found += 1
            if found == most:
                return
