"""The `promptpress` command."""

from typing import Annotated

import typer

from promptpress_service.cli.compress import compress
from promptpress_service.cli.config import show_config
from promptpress_service.cli.count import count
from promptpress_service.cli.find_heads import find_heads
from promptpress_service.cli.methods import methods
from promptpress_service.cli.new_key import make_key
from promptpress_service.cli.serve import serve
from promptpress_service.version import package_version

app = typer.Typer(
    name="promptpress",
    help="Makes prompts shorter before they reach an LLM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command(name="config")(show_config)
app.command(name="new-key")(make_key)
app.command()(compress)
app.command()(methods)
app.command(name="find-heads")(find_heads)
app.command()(count)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"promptpress {package_version()}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Makes prompts shorter before they reach an LLM."""
