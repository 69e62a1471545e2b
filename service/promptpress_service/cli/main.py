"""The `promptpress` command."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from promptpress.errors import CompressionError, ModelUnavailable
from promptpress_service.settings.settings import SettingsError, load_settings

app = typer.Typer(
    name="promptpress",
    help="Makes prompts shorter before they reach an LLM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [PROMPTPRESS_HOST]")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with settings [PROMPTPRESS_CONFIG_FILE]")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that serve [PROMPTPRESS_WORKERS]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="HTTP port [PROMPTPRESS_HTTP_PORT]")] = None,
) -> None:
    """Run the service."""
    from promptpress_service.process import workers as processes
    from promptpress_service.settings.exposure import check_bind

    with _reported():
        settings = load_settings({"host": host, "http_port": port, "config_file": config, "workers": workers})
        check_bind(settings)
        processes.prepare(settings)
        from promptpress_service.process.server import run

        raise typer.Exit(run(settings))


@app.command(name="config")
def show_config(
    config: Annotated[Path | None, typer.Option(help="TOML file with settings [PROMPTPRESS_CONFIG_FILE]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting and its value, secrets masked."""
    from promptpress_service.settings.report import describe

    with _reported():
        rows = describe(load_settings({"config_file": config}))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
        return
    table = Table("variable", "value", "what it does", box=None, pad_edge=False)
    for row in rows:
        table.add_row(Text(row.variable), Text(str(row.value), "dim" if row.default else "bold"), Text(row.description))
    Console().print(table)


@app.command(name="new-key")
def make_key(tenant: Annotated[str, typer.Argument(help="Name of the tenant the key is for.")]) -> None:
    """Make an API key: the key for the client on standard output, the line to store on standard error."""
    from promptpress_service.tenancy.api_keys import KeysError, new_key

    try:
        key, line = new_key(tenant)
    except KeysError as error:
        _fail(str(error), 2)
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(f"for PROMPTPRESS_API_KEYS or its file: {line}\n")


@app.command()
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
    from promptpress_service.cli.compress import run

    fields: dict[str, Any] = {"method": method, "protect": protect}
    fields |= {
        name: value
        for name, value in {"query": query, "target_ratio": ratio, "target_tokens": tokens, "model": model}.items()
        if value is not None
    }
    if as_json and diff:
        _fail("--json and --diff exclude each other", 2)
    with _reported():
        raise typer.Exit(run(files or ["-"], fields, as_json=as_json, diff=diff))


@app.command()
def methods() -> None:
    """List the methods."""
    from promptpress.methods.registry import METHODS

    table = Table(box=None, pad_edge=False)
    for heading in ("method", "query", "model", "what it does"):
        table.add_column(heading, no_wrap=heading != "what it does")
    for entry in METHODS.values():
        table.add_row(entry.name, entry.query, ", ".join(entry.models) or "none", entry.summary)
    Console().print(table)


@app.command(name="find-heads")
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
    from promptpress_service.cli.find_heads import find

    with _reported():
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


@app.command()
def count(
    files: Annotated[list[str] | None, typer.Argument(help="Files; - or none reads standard input.")] = None,
    model: Annotated[str | None, typer.Option(help="The LLM whose tokenizer counts.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="A tokenizer by name.")] = None,
) -> None:
    """Count tokens, like `wc`."""
    from promptpress.text.tokenization import counter_for
    from promptpress_service.cli.compress import read_text

    with _reported():
        counter = counter_for(model, tokenizer)
        if counter.warning:
            _errors.print(f"promptpress: {counter.warning}", markup=False)
        names = files or ["-"]
        counts = [counter.count(read_text(name)) for name in names]
    for name, tokens in zip(names, counts, strict=True):
        sys.stdout.write(f"{tokens}\n" if name == "-" and len(names) == 1 else f"{tokens:>9} {name}\n")
    if len(names) > 1:
        sys.stdout.write(f"{sum(counts):>9} total\n")


class _reported:  # noqa: N801 - reads as a statement: `with _reported():`
    """Turns errors a caller can set right into one line on standard error and an exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            field = ".".join(str(step) for step in first["loc"])
            _fail(f"{field}: {first['msg']}" if field else first["msg"].removeprefix("Value error, "), 2)
        if isinstance(error, CompressionError):
            _fail(f"{error.field}: {error.message}" if error.field else error.message, 2)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            name = f"{error.filename}: " if error.filename else ""
            _fail(f"{name}{error.strerror or error}", 1)
        if isinstance(error, UnicodeDecodeError):
            _fail(f"the input is not UTF-8 (byte {error.start})", 1)
        if isinstance(error, SettingsError):
            _fail(str(error), 2)
        if isinstance(error, ModelUnavailable):
            _fail(f"PROMPTPRESS_{error.setting.upper()}: {error.message}" if error.setting else error.message, 1)


def _fail(message: str, code: int) -> NoReturn:
    _errors.print(f"promptpress: {message}", markup=False)
    raise typer.Exit(code) from None
