"""How `promptpress compress` shows a result."""

import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

from promptpress import CompressionResult

_SHORTEST_LOADING = 0.001
"""Seconds; the models were there already where loading took less."""


def print_result(name: str, text: str, result: CompressionResult, loading: float, *, diff: bool, several: bool) -> None:
    """Print the result of a file's text, or what was removed from it, and a summary on standard error.

    `loading`: the seconds that models took to load. `several`: whether this is one of several files.
    """
    if several:
        sys.stdout.write(f"==> {name} <==\n")
    if diff:
        console = Console(highlight=False, soft_wrap=True)
        if console.color_system:
            console.print(marked(text, result), end="")
        else:
            sys.stdout.write(bracketed(text, result))
    else:
        sys.stdout.write(result.text or "")
    if (result.text or text) and not (text if diff else result.text or "").endswith("\n"):
        sys.stdout.write("\n")
    _summary(result, loading, sys.stderr)


def marked(text: str, result: CompressionResult) -> Text:
    """The original with kept text in colour and removed text dimmed."""
    output = Text()
    at = 0
    for start, end in result.spans or []:
        output.append(text[at:start], "dim strike")
        output.append(text[start:end], "green")
        at = end
    output.append(text[at:], "dim strike")
    return output


def bracketed(text: str, result: CompressionResult) -> str:
    """The original with removed text in `[-...-]`, for terminals and pipes without colour."""
    output: list[str] = []
    at = 0
    for start, end in [*(result.spans or []), (len(text), len(text))]:
        if at < start:
            output.append(f"[-{text[at:start]}-]")
        output.append(text[start:end])
        at = end
    return "".join(output)


def _summary(result: CompressionResult, loading: float, stream: TextIO) -> None:
    usage = result.usage
    about = "" if usage.exact else "about "
    reason = f" ({result.reason})" if result.reason else ""
    loaded = f" (models loaded in {1000 * loading:.0f} ms)" if loading >= _SHORTEST_LOADING else ""
    stream.write(
        f"{about}{usage.tokens_before} -> {usage.tokens_after} tokens ({usage.tokenizer}), {result.method}, "
        f"{result.status}{reason}, {result.timing_ms.total:.0f} ms{loaded}\n"
    )
    for warning in result.warnings:
        stream.write(f"warning: {warning}\n")
