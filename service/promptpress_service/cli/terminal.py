"""Where commands write to."""

import sys

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal; in a pipe or a file, as wide as its longest line, so that nothing is cut."""
    console = Console()
    if not sys.stdout.isatty():
        wide = Console(width=1_000_000)
        console = Console(width=Measurement.get(wide, wide.options, table).maximum)
    console.print(table)
