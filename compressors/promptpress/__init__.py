"""Prompt compression as a library: text in, shorter text out, with a receipt.

    from promptpress import compress

    result = compress(text, query="...", target_ratio=0.25)
    print(result.text, result.usage.tokens_after)

Importing the package loads no model and none of the packages that run them; the first compression does.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from promptpress.errors import (
    BrokenMethod,
    BudgetInfeasible,
    CompressionError,
    InvalidPattern,
    InvalidRequest,
    InvalidValue,
    ModelUnavailable,
    PromptPressError,
    TargetRequired,
    UnknownMethod,
)
from promptpress.request import CompressionRequest, Document, Include, Protect, Role, parse_request
from promptpress.result import CompressionResult

if TYPE_CHECKING:
    from promptpress.backends.causal_lm.loading import CausalLMSettings
    from promptpress.backends.encoder.cache import LruVectorCache
    from promptpress.backends.encoder.late_chunking import VectorCache
    from promptpress.backends.rewriter.cache import LruRewriteCache, RewriteCache
    from promptpress.backends.rewriter.loading import RewriterSettings
    from promptpress.compressor import Compressor, pass_through
    from promptpress.text.tokenization import count_tokens, register_tokenizer

__all__ = [
    "BrokenMethod",
    "BudgetInfeasible",
    "CausalLMSettings",
    "CompressionError",
    "CompressionRequest",
    "CompressionResult",
    "Compressor",
    "Document",
    "InvalidPattern",
    "InvalidRequest",
    "InvalidValue",
    "LruRewriteCache",
    "LruVectorCache",
    "ModelUnavailable",
    "PromptPressError",
    "RewriterSettings",
    "TargetRequired",
    "UnknownMethod",
    "__version__",
    "build_compressor",
    "compress",
    "count_tokens",
    "list_methods",
    "pass_through",
    "register_tokenizer",
]

__version__ = version("promptpress")

_MODULES = {
    "CausalLMSettings": "promptpress.backends.causal_lm.loading",
    "Compressor": "promptpress.compressor",
    "LruRewriteCache": "promptpress.backends.rewriter.cache",
    "LruVectorCache": "promptpress.backends.encoder.cache",
    "RewriterSettings": "promptpress.backends.rewriter.loading",
    "count_tokens": "promptpress.text.tokenization",
    "pass_through": "promptpress.compressor",
    "register_tokenizer": "promptpress.text.tokenization",
}
"""Where the names are defined that are imported when they are first asked for."""

# A type checker must not see this: it would take every name for one of the package's.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})


def compress(  # noqa: PLR0913 - a parameter for each field of a request
    text: str | None = None,
    *,
    texts: Sequence[str] | None = None,
    documents: Sequence[Document | Mapping[str, Any]] | None = None,
    messages: Sequence[Mapping[str, Any]] | None = None,
    query: str | None = None,
    target_ratio: float | None = None,
    target_tokens: int | None = None,
    method: str = "auto",
    options: Mapping[str, Any] | None = None,
    model: str | None = None,
    tokenizer: str | None = None,
    protect: Protect = "facts",
    protect_patterns: Sequence[str] = (),
    compress_roles: Sequence[Role] | None = None,
    min_tokens: int | None = None,
    include: Sequence[Include] = (),
) -> CompressionResult:
    """Make one input shorter; the result has the same shape. The models load at the first call and stay.

    Give exactly one of the first four, and at most one target; without a target the method must have a stop of its own, as
    `acc_rag` has.

    - text: one text.
    - texts: several that share the target.
    - documents: retrieved documents that share the target, each a Document or a dict of its fields. Titles are context.
    - messages: a chat in the shape of OpenAI or Anthropic.
    - query: what the reader of the result will be asked; methods keep what answers it.
    - target_ratio: tokens after divided by tokens before, above 0 up to 1. Of messages, each is compressed on its own.
    - target_tokens: most tokens of the whole result. Never exceeded.
    - method: a name from `list_methods()`.
    - options: options of the method.
    - model: the LLM that will read the result; picks the tokenizer that counts. Default: `o200k_base`.
    - tokenizer: that tokenizer by name; goes before `model`.
    - protect: `facts`: a sentence that is kept keeps its numbers, negations and names; `strict`: no fact is dropped at all;
      `none`.
    - protect_patterns: RE2 patterns whose matches are always kept, as is what stands in `<keep>` tags.
    - compress_roles: roles of messages that may be shortened. By default tool results, answers, and of users' messages the
      context that stands beside a question or an instruction.
    - min_tokens: with a ratio, smaller inputs are left alone; by default 64 for each text of messages, 8 otherwise.
    - include: `spans`, the characters that were kept, and `scores`, the score of every unit.

    Raises InvalidRequest for fields that make no request, other subclasses of CompressionError for a request that cannot be
    met (such as BudgetInfeasible, where protected text alone exceeds the target), and ModelUnavailable for a model that
    cannot be loaded.
    """
    fields = {
        "text": text,
        "texts": _listed(texts),
        "documents": _listed(documents),
        "messages": _listed(messages),
        "query": query,
        "target_ratio": target_ratio,
        "target_tokens": target_tokens,
        "method": method,
        "options": options or {},
        "model": model,
        "tokenizer": tokenizer,
        "protect": protect,
        "protect_patterns": _listed(protect_patterns),
        "compress_roles": _listed(compress_roles),
        "min_tokens": min_tokens,
        "include": _listed(include),
    }
    return _default_compressor().compress(parse_request(fields))


def build_compressor(
    encoder: str = "embedded",
    *,
    threads: int | None = None,
    vectors: "VectorCache | None" = None,
    rewriter: "RewriterSettings | None" = None,
    rewrites: "RewriteCache | None" = None,
    causal_lm: "CausalLMSettings | None" = None,
) -> "Compressor":
    """A compressor with its own models, which load when a method first needs them.

    - encoder: `embedded`, a local folder, or a Hugging Face id.
    - threads: most threads that the embedded models use; default: one for each core.
    - vectors, rewrites: caches between requests, such as LruVectorCache() and LruRewriteCache(); default: none.
    - rewriter: what `scope` rewrites with; default: deletion rules.
    - causal_lm: what `selective_context` and `ehpc` read with; default: the embedded model.
    """
    from promptpress.backends.loader import ModelLoader
    from promptpress.compressor import Compressor

    return Compressor(ModelLoader(encoder, threads, rewriter, causal_lm).models(vectors, rewrites=rewrites))


def list_methods() -> tuple[str, ...]:
    """Names of all methods, `auto` first, those of other distributions last.

    Not called `methods`: that is the package that they are in.
    """
    from promptpress.methods.registry import methods

    return methods()


@lru_cache(maxsize=1)
def _default_compressor() -> "Compressor":
    from promptpress.backends.encoder.cache import LruVectorCache
    from promptpress.backends.rewriter.cache import LruRewriteCache

    return build_compressor(vectors=LruVectorCache(), rewrites=LruRewriteCache())


def _listed(values: Any) -> Any:
    """A list of the items, as the model has it; a string, or what has no items, is left for the model to refuse."""
    return list(values) if isinstance(values, Sequence) and not isinstance(values, str) else values
