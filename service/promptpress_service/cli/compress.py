"""`promptpress compress`: files in, shorter text out."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import orjson
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from promptpress import CompressionRequest, CompressionResult, Compressor, build_compressor
from promptpress.backends.rewriter.cache import LruRewriteCache
from promptpress.errors import CompressionError, InvalidValue
from promptpress_service.dialects.errors import native_body, report_of
from promptpress_service.settings.settings import get_settings


def run(files: list[str], fields: dict[str, Any], *, as_json: bool, diff: bool) -> int:
    """Compress each file and print the results in order; exit code 0, or 1 if a line of JSON lines failed."""
    settings = get_settings()
    compressor = build_compressor(
        settings.encoder,
        settings.threads,
        rewriter=settings.rewriter,
        rewrites=LruRewriteCache(),
        causal_lm=settings.lm,
    )
    failed = False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if diff:
        fields = {**fields, "include": ["spans"]}
    with Progress(
        console=Console(stderr=True), transient=True, disable=len(files) < 2 or not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("compressing", total=len(files))
        for name in files:
            if is_json_lines(name) or (as_json and name == "-"):
                failed |= not _json_lines(compressor, name, fields)
            else:
                text = read_text(name)
                result = compressor.compress(CompressionRequest(text=text, **fields))
                _print(name, text, result, as_json=as_json, diff=diff, several=len(files) > 1)
            progress.advance(task)
    return 1 if failed else 0


def read_text(name: str) -> str:
    """A file's text, or standard input for `-`. Raises OSError or UnicodeDecodeError."""
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return data.decode("utf-8")


def is_json_lines(name: str) -> bool:
    """Whether a file holds one request a line."""
    return name.endswith((".jsonl", ".ndjson"))


def _json_lines(compressor: Compressor, name: str, fields: dict[str, Any]) -> bool:
    """Each line a request; fields of the command line are defaults for it. One line of JSON out for each line in."""
    sound = True
    for number, line in enumerate(_lines(name), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            if isinstance(row, str):
                row = {"text": row}
            if not isinstance(row, dict):
                raise InvalidValue("a line must be a JSON object or a string")
            identity = {"id": row.pop("id")} if "id" in row else {}
            if "target_ratio" in row or "target_tokens" in row:
                given = {k: v for k, v in fields.items() if k not in ("target_ratio", "target_tokens")}
            else:
                given = fields
            result = compressor.compress(CompressionRequest(**{**given, **row}))
            output = orjson.dumps({**identity, **result.model_dump(exclude_none=True)})
        except (CompressionError, ValidationError, orjson.JSONDecodeError) as error:
            sound = False
            detail = (
                {"code": "malformed_json", "message": str(error)}
                if isinstance(error, orjson.JSONDecodeError)
                else native_body(report_of(error)).model_dump(exclude_none=True)
            )
            output = orjson.dumps({"error": {**detail, "line": number}})
        sys.stdout.buffer.write(output + b"\n")
        sys.stdout.buffer.flush()
    return sound


def _lines(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from sys.stdin.buffer
    else:
        with Path(name).open("rb") as lines:
            yield from lines


def _to_json(result: CompressionResult) -> bytes:
    return orjson.dumps(result.model_dump(exclude_none=True))


def _print(name: str, text: str, result: CompressionResult, *, as_json: bool, diff: bool, several: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(_to_json(result) + b"\n")
        sys.stdout.buffer.flush()
        return
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
    _summary(result, sys.stderr)


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


def _summary(result: CompressionResult, stream: TextIO) -> None:
    usage = result.usage
    about = "" if usage.exact else "about "
    reason = f" ({result.reason})" if result.reason else ""
    stream.write(
        f"{about}{usage.tokens_before} -> {usage.tokens_after} tokens ({usage.tokenizer}), {result.method}, "
        f"{result.status}{reason}, {result.timing_ms.total:.0f} ms\n"
    )
    for warning in result.warnings:
        stream.write(f"warning: {warning}\n")
