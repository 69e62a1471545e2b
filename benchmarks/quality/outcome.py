"""What one compression of one item came to, and whether it broke a promise."""

from dataclasses import dataclass

from benchmarks.quality.forms import passages, spans_of
from promptpress import CompressionRequest, CompressionResult
from promptpress.shapes import shape_of
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
    """The first broken promise of a result with spans, recomputed from nothing but the result."""
    texts = [slot.text for slot in passages(result)]
    originals = [slot.text for slot in passages(request)]
    count = counter_for(request.model, request.tokenizer).count
    around = sum(count(slot.text) for slot in shape_of(request).slots()) - sum(map(count, originals))
    before, after = sum(map(count, originals)), sum(map(count, texts))
    if (before + around, after + around) != (result.usage.tokens_before, result.usage.tokens_after):
        return "counts"
    if after > before or (result.status == "compressed" and after > ratio * before):
        return "over budget"
    for original, text, spans in zip(originals, texts, spans_of(result), strict=True):
        edges = [edge for span in spans for edge in span]
        joined = "".join(original[start:end] for start, end in spans)
        # Where a rewriter wrote, spans hold only the rest.
        if edges != sorted(edges) or (joined != text and not result.method_details.get("rewritten")):
            return "spans"
        if "\ufffd" in text and "\ufffd" not in original:
            return "replacement character"
    return None
