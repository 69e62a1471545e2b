"""`promptpress compress`: files in, shorter text out."""

from typing import Annotated, Any

import typer

from promptpress_service.cli.failures import fail, reported


def compress(
    files: Annotated[list[str] | None, typer.Argument(help="Files to compress; - or none reads standard input.")] = None,
    query: Annotated[str | None, typer.Option("--query", "-q", help="What the reader will be asked.")] = None,
    ratio: Annotated[float | None, typer.Option("--ratio", "-r", help="Tokens after / tokens before.")] = None,
    tokens: Annotated[int | None, typer.Option("--tokens", "-t", help="Most tokens of each result.")] = None,
    method: Annotated[str, typer.Option("--method", "-m", help="See `promptpress methods`.")] = "auto",
    model: Annotated[str | None, typer.Option(help="The LLM that will read the result.")] = None,
    protect: Annotated[str, typer.Option(help="facts, strict or none.")] = "facts",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole response as JSON, one line for each file.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print the original, kept text in colour and removed text dimmed.")
    ] = False,
) -> None:
    """Compress files or standard input. Lines of a .jsonl file, or of JSON requests on standard input with --json, are
    requests each."""
    from promptpress_service.cli.compression import run

    fields: dict[str, Any] = {"method": method, "protect": protect}
    fields |= {
        name: value
        for name, value in {"query": query, "target_ratio": ratio, "target_tokens": tokens, "model": model}.items()
        if value is not None
    }
    if as_json and diff:
        fail("--json and --diff exclude each other", 2)
    with reported():
        raise typer.Exit(run(files or ["-"], fields, as_json=as_json, diff=diff))
