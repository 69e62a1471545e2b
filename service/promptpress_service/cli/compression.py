"""What `promptpress compress` does with its files."""

import io
import sys
from collections.abc import Callable
from typing import Any

import orjson
from pydantic import ValidationError

from promptpress import CompressionRequest, CompressionResult, Compressor
from promptpress.backends.loader import ModelLoader
from promptpress.backends.rewriter.cache import LruRewriteCache
from promptpress.errors import CompressionError, InvalidValue
from promptpress.text.tokenization import counter_for
from promptpress_service.cli.display import print_result
from promptpress_service.cli.inputs import count_lines, is_json_lines, lines, read_text
from promptpress_service.cli.loading_time import LoadingTime, without_loading
from promptpress_service.cli.progress import LineProgress
from promptpress_service.dialects.errors import native_body, report_of
from promptpress_service.settings.model_paths import check_model_paths
from promptpress_service.settings.settings import Settings, get_settings

_Compress = Callable[[CompressionRequest], tuple[CompressionResult, float]]


def run(files: list[str], fields: dict[str, Any], *, as_json: bool, diff: bool) -> int:
    """Compress each file and print the results in order; exit code 0, or 1 if a line of JSON lines failed."""
    settings = get_settings()
    check_model_paths(settings)
    compress = _compressor(settings, fields.get("model"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if diff:
        fields = {**fields, "include": ["spans"]}
    requests = {name for name in files if is_json_lines(name) or (as_json and name == "-")}
    totals = [count_lines(name) if name in requests else 1 for name in files]
    failed = False
    with LineProgress(sum(each or 0 for each in totals) if None not in totals else None) as progress:
        for name in files:
            if name in requests:
                failed |= not _json_lines(compress, name, fields, progress)
                continue
            text = read_text(name)
            result, loading = compress(CompressionRequest(text=text, **fields))
            with progress.writing():
                if as_json:
                    _write_json(result.model_dump(exclude_none=True))
                else:
                    print_result(name, text, result, loading, diff=diff, several=len(files) > 1)
            progress.advance()
    return 1 if failed else 0


def _compressor(settings: Settings, model: str | None) -> _Compress:
    """A function from a request to its result and the seconds that loading models took, which are not among the result's."""
    loading = LoadingTime()
    loader = ModelLoader(settings.encoder, settings.threads, settings.rewriter, settings.lm)
    compressor = Compressor(loading.watch(loader.models(rewrites=LruRewriteCache())))

    def compress(request: CompressionRequest) -> tuple[CompressionResult, float]:
        before = loading.seconds
        result = compressor.compress(request)
        seconds = loading.seconds - before
        return without_loading(result, seconds), seconds

    # The vocabulary is read before the first request too.
    counter_for(model, None).count("a")
    return compress


def _json_lines(compress: _Compress, name: str, fields: dict[str, Any], progress: LineProgress) -> bool:
    """Each line a request; fields of the command line are defaults for it. One line of JSON out for each line in."""
    sound = True
    for number, line in enumerate(lines(name), 1):
        if not line.strip():
            continue
        try:
            identity, request = _request(line, fields)
            result, _ = compress(request)
            output = {**identity, **result.model_dump(exclude_none=True)}
        except (CompressionError, ValidationError, orjson.JSONDecodeError) as error:
            sound = False
            detail = (
                {"code": "malformed_json", "message": str(error)}
                if isinstance(error, orjson.JSONDecodeError)
                else native_body(report_of(error)).model_dump(exclude_none=True)
            )
            output = {"error": {**detail, "line": number}}
        with progress.writing():
            _write_json(output)
        progress.advance()
    return sound


def _request(line: bytes, fields: dict[str, Any]) -> tuple[dict[str, Any], CompressionRequest]:
    row = orjson.loads(line)
    if isinstance(row, str):
        row = {"text": row}
    if not isinstance(row, dict):
        raise InvalidValue("a line must be a JSON object or a string")
    identity = {"id": row.pop("id")} if "id" in row else {}
    if "target_ratio" in row or "target_tokens" in row:
        fields = {k: v for k, v in fields.items() if k not in ("target_ratio", "target_tokens")}
    return identity, CompressionRequest(**{**fields, **row})


def _write_json(output: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(output) + b"\n")
    sys.stdout.buffer.flush()
