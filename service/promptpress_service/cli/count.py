"""`promptpress count`: tokens of files."""

import sys
from typing import Annotated

import typer

from promptpress_service.cli.failures import reported
from promptpress_service.cli.inputs import read_text
from promptpress_service.cli.terminal import errors


def count(
    files: Annotated[list[str] | None, typer.Argument(help="Files; - or none reads standard input.")] = None,
    model: Annotated[str | None, typer.Option(help="The LLM whose tokenizer counts.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="A tokenizer by name.")] = None,
) -> None:
    """Count tokens, like `wc`."""
    from promptpress.text.tokenization import counter_for

    with reported():
        counter = counter_for(model, tokenizer)
        if counter.warning:
            errors.print(f"promptpress: {counter.warning}", markup=False)
        names = files or ["-"]
        counts = [counter.count(read_text(name)) for name in names]
    for name, tokens in zip(names, counts, strict=True):
        sys.stdout.write(f"{tokens}\n" if name == "-" and len(names) == 1 else f"{tokens:>9} {name}\n")
    if len(names) > 1:
        sys.stdout.write(f"{sum(counts):>9} total\n")
