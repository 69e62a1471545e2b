"""The same passages in the forms in which callers send them."""

from typing import Any, Literal, get_args

from benchmarks.quality.data import Item
from promptpress import CompressionRequest, CompressionResult
from promptpress.shapes import Slot, shape_of
from promptpress.text.spans import Span

Form = Literal["documents", "text", "message"]
FORMS: tuple[Form, ...] = get_args(Form)
"""`documents`: as such; `text`: joined by blank lines, a title as a line above its text; `message`: that text as the result
of a tool call that an assistant made for the user's question."""


def request_for(item: Item, form: Form, **fields: Any) -> CompressionRequest:
    """The request that sends an item in a form; `fields` are the others."""
    joined = "\n\n".join(f"{d['title']}\n{d['text']}" if d["title"] else d["text"] for d in item.documents)
    if form == "documents":
        fields["documents"] = item.documents
    elif form == "text":
        fields["text"] = joined
    else:
        call = {"id": "call_1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
        fields["messages"] = [
            {"role": "user", "content": item.question or "Summarize the results."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": joined},
        ]
    return CompressionRequest(query=item.question if form != "message" else None, **fields)


def passages(value: CompressionRequest | CompressionResult) -> list[Slot]:
    """The texts of a request or a result that the passages are in."""
    return [slot for slot in shape_of(value).slots() if slot.role in ("", "tool")]


def spans_of(result: CompressionResult) -> list[list[Span]]:
    """The kept spans of each of these texts."""
    spans = result.spans or []
    if result.text is not None:
        return [spans]
    return [each["spans"] for each in spans] if result.messages is not None else spans
