"""What one compression of one item came to, and whether it broke a promise."""

from dataclasses import dataclass

from promptpress import CompressionRequest, CompressionResult
from promptpress.text.tokenization import counter_for


@dataclass(frozen=True)
class Outcome:
    """One item, one method, one ratio. `cold`: the documents had not been seen by this method before."""

    item: str
    dataset: str
    method: str
    ratio: float
    kept: float | None
    tokens_before: int
    tokens_after: int
    seconds: float
    cold: bool
    violation: str | None
    rouge_l: float | None = None
    entities: float | None = None


def violation(request: CompressionRequest, result: CompressionResult, ratio: float) -> str | None:
    """The first broken promise of a result for `documents` with spans, recomputed from nothing but the result."""
    documents, originals = result.documents or [], request.documents or []
    count = counter_for(request.model, request.tokenizer).count
    before = sum(count(document.text) for document in originals)
    after = sum(count(document.text) for document in documents)
    if (before, after) != (result.usage.tokens_before, result.usage.tokens_after):
        return "counts"
    if after > before or (result.status == "compressed" and after > ratio * before):
        return "over budget"
    for original, document, spans in zip(originals, documents, result.spans or [], strict=True):
        edges = [edge for span in spans for edge in span]
        joined = "".join(original.text[start:end] for start, end in spans)
        # Where a rewriter wrote, spans hold only the rest.
        if edges != sorted(edges) or (joined != document.text and not result.method_details.get("rewritten")):
            return "spans"
        if "\ufffd" in document.text and "\ufffd" not in original.text:
            return "replacement character"
    return None
