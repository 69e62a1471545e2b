"""`promptpress find-heads`: the attention heads that `ehpc` needs."""

from pathlib import Path
from typing import Annotated

import typer

from promptpress_service.cli.failures import reported


def find_heads(
    model: Annotated[str, typer.Option(help="A causal language model: embedded, a local folder or a Hugging Face id.")],
    out: Annotated[Path, typer.Option(help="File to write the heads to.")] = Path("heads.json"),
    plot: Annotated[Path | None, typer.Option(help="PNG to draw a heat map of all heads to.")] = None,
    probes: Annotated[int, typer.Option(min=4, max=1000, help="Texts with a hidden answer to look for.")] = 32,
    tokens: Annotated[int, typer.Option(min=50, help="Length of each, about.")] = 1000,
    heads: Annotated[int, typer.Option(min=1, help="Heads to choose, at most half of a layer's.")] = 8,
    window: Annotated[int, typer.Option(min=1, max=512, help="How many of the last tokens look.")] = 16,
    kernel: Annotated[int, typer.Option(min=1, max=512, help="Tokens over which scores are averaged.")] = 32,
    seed: Annotated[int, typer.Option(help="Seed of the texts.")] = 0,
    haystack: Annotated[Path | None, typer.Option(help="Text file to hide answers in; default: made-up sentences.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
) -> None:
    """Find the attention heads of a model that `ehpc` needs; exit code 3 if those found fail the acceptance test."""
    from promptpress_service.cli.head_search import find

    with reported():
        accepted = find(
            model,
            out,
            plot,
            probes=probes,
            tokens=tokens,
            heads=heads,
            window=window,
            kernel=kernel,
            seed=seed,
            haystack=haystack,
            threads=threads,
        )
    if not accepted:
        raise typer.Exit(3)
