"""The values that labels may take. Anything else becomes `other`, so that no caller can add a time series."""

from collections.abc import Collection
from typing import Literal, get_args

from promptpress.methods.registry import methods
from promptpress.result import Reason

Outcome = Literal["compressed", "unchanged", "ok", "client_error", "overloaded", "unavailable", "error", "cancelled"]
"""How a request ended: `ok` for an answer that compressed nothing (a list, a probe), `cancelled` for a client that left."""

OTHER = "other"
NO_METHOD = "none"
SEVERAL_METHODS = "several"

PROBES = frozenset({"/livez", "/readyz", "/startupz", "/health", "/status", "/ping"})
ROUTES = PROBES | {
    "/v1/compress",
    "/compress",
    "/v1/compress/batch",
    "/v1/compress/stream",
    "/v1/retrieve",
    "/v1/retrieve/{hash}",
    "/v1/methods",
    "/v1/models",
    "/v1/tokenize",
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/openapi.json",
    "promptpress.v1.Compressor/Compress",
    "promptpress.v1.Compressor/CompressBatch",
    "promptpress.v1.Compressor/CompressStream",
    "promptpress.v1.Compressor/Retrieve",
    "promptpress.v1.Compressor/ListMethods",
    "promptpress.v1.Compressor/Tokenize",
    "promptpress.v1.Compressor/CompressKV",
}
VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
METHODS = frozenset(methods()) | {NO_METHOD, SEVERAL_METHODS}
OUTCOMES = frozenset(get_args(Outcome))
STAGES = ("score", "cut", "verify")
REASONS = frozenset(get_args(Reason))
STOPS = ("sufficient", "little_gain", "unsure", "budget")
LAYERS = frozenset({"results", "scores", "embeddings", "rewrites", "originals"})
CACHE_RESULTS = frozenset({"hit", "miss", "off", "error"})
FALLBACKS = frozenset({"cache", "originals", "limits", "deadline"})
BREAKER_STATES = ("closed", "half_open", "open")
MODELS = frozenset({"encoder", "evidence", "lm", "reranker", "rewriter"})
ERROR_CODES = frozenset(
    {
        "invalid_value",
        "unknown_method",
        "target_required",
        "invalid_pattern",
        "budget_infeasible",
        "malformed_json",
        "malformed_message",
        "not_implemented",
        "too_large",
        "unauthorized",
        "forbidden",
        "not_found",
        "method_not_allowed",
        "overloaded",
        "rate_limited",
        "not_ready",
        "store_unavailable",
        "unavailable",
        "deadline",
        "cancelled",
        "internal",
    }
)


def bounded(value: str | None, allowed: Collection[str]) -> str:
    """The value if it is one of the allowed, else `other`."""
    return value if value is not None and value in allowed else OTHER
