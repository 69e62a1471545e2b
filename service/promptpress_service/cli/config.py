"""`promptpress config`: the settings in force."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table
from rich.text import Text

from promptpress_service.cli.failures import reported
from promptpress_service.cli.terminal import print_table
from promptpress_service.settings.report import describe
from promptpress_service.settings.settings import load_settings


def show_config(
    config: Annotated[Path | None, typer.Option(help="TOML file with settings [PROMPTPRESS_CONFIG_FILE]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting and its value, secrets masked."""
    with reported():
        rows = describe(load_settings({"config_file": config}))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("variable", "value", "what it does"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(Text(row.variable), Text(str(row.value), "dim" if row.default else "bold"), Text(row.description))
    print_table(table)
