"""Files that commands read."""

import sys
from collections.abc import Iterator
from pathlib import Path


def read_text(name: str) -> str:
    """A file's text, or standard input for `-`. Raises OSError or UnicodeDecodeError."""
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return data.decode("utf-8")


def is_json_lines(name: str) -> bool:
    """Whether a file has one request a line."""
    return name.endswith((".jsonl", ".ndjson"))


def lines(name: str) -> Iterator[bytes]:
    """A file's lines, or those of standard input for `-`, as they come. Raises OSError."""
    if name == "-":
        yield from sys.stdin.buffer
    else:
        with Path(name).open("rb") as stream:
            yield from stream


def count_lines(name: str) -> int | None:
    """How many lines of a file are not blank; None where nobody knows before the end, as for a pipe. Raises OSError."""
    if name == "-" or not Path(name).is_file():
        return None
    with Path(name).open("rb") as stream:
        return sum(1 for line in stream if line.strip())
