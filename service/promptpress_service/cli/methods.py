"""`promptpress methods`: the methods there are."""

from rich.table import Table

from promptpress_service.cli.terminal import print_table


def methods() -> None:
    """List the methods."""
    from promptpress.methods.registry import method_classes

    table = Table(box=None, pad_edge=False)
    for heading in ("method", "query", "model", "what it does"):
        table.add_column(heading, no_wrap=heading != "what it does", overflow="fold")
    for entry in method_classes().values():
        table.add_row(entry.name, entry.query_use, ", ".join(entry.model_roles) or "none", entry.summary)
    print_table(table)
