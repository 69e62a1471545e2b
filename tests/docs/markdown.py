"""Fenced blocks and links of the Markdown files of this repository."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*\Z")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    """Every Markdown file under version control, and new ones that are not ignored."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).exists()]


@dataclass
class Block:
    """One fenced block: where it stands, its language, and why it is not run, if it says so."""

    line: int
    language: str
    content: str
    reason: str | None


@dataclass
class Command:
    """One command of a console block and the output that is printed below it."""

    line: int
    command: str
    output: list[str] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document, in order."""
    found = []
    for match in _FENCE.finditer(text):
        before = _NOT_RUN.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(line, match[1], match[2], before[1] if before else None))
    return found


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block: each begins with `$ ` and goes on while a quotation or a `\\` is open."""
    current: Command | None = None
    complete = True
    for offset, line in enumerate(block.content.splitlines(), 1):
        if line.startswith("$ "):
            if current:
                yield current
            current = Command(block.line + offset, line[2:])
        elif current is None:
            raise ValueError(f"line {block.line + offset}: output before the first command")
        elif complete:
            current.output.append(line)
            continue
        else:
            current.command += f"\n{line}"
        complete = _complete(current.command)
    if current:
        yield current


def _complete(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\")


def links(text: str) -> list[str]:
    """The targets of links and images outside fenced blocks and code spans."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))
    return [match[1] for match in _LINK.finditer(prose)]


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
