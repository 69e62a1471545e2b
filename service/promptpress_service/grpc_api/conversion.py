"""Between the messages of the proto and the native requests and responses.

A request becomes the dict that its JSON would have been and goes through the same validation, so that both protocols
refuse the same things in the same words.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from promptpress.errors import InvalidValue
from promptpress.result import CompressedDocument, LocatedScores, UnitScore
from promptpress_service.dialects.catalogue import MethodList, TokenizeRequest, TokenizeResponse
from promptpress_service.dialects.errors import ErrorBody
from promptpress_service.dialects.native import CompressResponse
from promptpress_service.engine.request import ServiceRequest
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb

MAX_DEPTH = 30
"""Levels of JSON. Protobuf parses 100 levels of messages, an object takes three, and an answer wraps it in a few more."""

_OPTIONAL = (
    "query",
    "target_ratio",
    "target_tokens",
    "method",
    "model",
    "tokenizer",
    "protect",
    "min_tokens",
    "deadline_ms",
    "store_original",
)
_REPEATED = ("protect_patterns", "compress_roles", "include")


def to_request(message: pb.CompressRequest) -> ServiceRequest:
    """The native request. Raises pydantic.ValidationError or CompressionError, as its JSON would."""
    fields: dict[str, Any] = {name: getattr(message, name) for name in _OPTIONAL if message.HasField(name)}
    fields |= {name: list(getattr(message, name)) for name in _REPEATED if getattr(message, name)}
    if message.HasField("options"):
        fields["options"] = from_struct(message.options, "options")
    match message.WhichOneof("input"):
        case "text":
            fields["text"] = message.text
        case "texts":
            fields["texts"] = list(message.texts.items)
        case "documents":
            fields["documents"] = [_document(item, i) for i, item in enumerate(message.documents.items)]
        case "messages":
            fields["messages"] = [from_struct(item, f"messages[{i}]") for i, item in enumerate(message.messages.items)]
    return ServiceRequest.model_validate(fields)


def to_tokenize_request(message: pb.TokenizeRequest) -> TokenizeRequest:
    """The native request. Raises pydantic.ValidationError, as its JSON would."""
    fields: dict[str, Any] = {name: getattr(message, name) for name in ("model", "tokenizer") if message.HasField(name)}
    match message.WhichOneof("input"):
        case "text":
            fields["text"] = message.text
        case "texts":
            fields["texts"] = list(message.texts.items)
    return TokenizeRequest.model_validate(fields)


def from_response(response: CompressResponse) -> pb.CompressResponse:
    """The response as a message."""
    message = pb.CompressResponse(
        id=response.id,
        status=response.status,
        reason=response.reason,
        method=response.method,
        method_details=to_struct(response.method_details),
        models=response.models,
        usage=pb.Usage(**response.usage.model_dump()),
        timing_ms=pb.TimingMs(**response.timing_ms.model_dump()),
        warnings=response.warnings,
        cache=response.cache,
        ccr_hashes=response.ccr_hashes or [],
        originals=[pb.OriginalReference(item=each.item, hash=each.hash) for each in response.originals or []],
    )
    if response.text is not None:
        message.text = response.text
    elif response.texts is not None:
        message.texts.CopyFrom(pb.Texts(items=response.texts))
    elif response.documents is not None:
        message.documents.CopyFrom(pb.CompressedDocuments(items=[_compressed(each) for each in response.documents]))
    elif response.messages is not None:
        message.messages.CopyFrom(pb.Messages(items=[to_struct(each) for each in response.messages]))
    # With one `text` there is one list; the message always has a list of them.
    alone = response.text is not None
    if response.spans is not None:
        message.spans.extend(_spans(each) for each in ([response.spans] if alone else response.spans))
    if response.scores is not None:
        for each in [response.scores] if alone else response.scores:
            units = cast("list[UnitScore]", each.scores if isinstance(each, LocatedScores) else each)
            message.scores.append(pb.UnitScores(units=[pb.UnitScore(**unit.model_dump()) for unit in units]))
    return message


def from_method_list(methods: MethodList) -> pb.ListMethodsResponse:
    """The methods as a message."""
    return pb.ListMethodsResponse(
        methods=[
            pb.Method(**method.model_dump(exclude={"options"}), options_schema=json.dumps(method.options))
            for method in methods.methods
        ]
    )


def from_tokenize_response(response: TokenizeResponse) -> pb.TokenizeResponse:
    """The counts as a message."""
    return pb.TokenizeResponse(**response.model_dump())


def from_error(error: ErrorBody) -> pb.Error:
    """The error of one item of a batch as a message."""
    details = None if error.details is None else to_struct(error.details)
    return pb.Error(code=error.code, message=error.message, field=error.field, details=details)


def from_struct(struct: Struct, field: str) -> dict[str, Any]:
    """The JSON object in a Struct, whole numbers as int. Raises InvalidValue, naming `field`, if it is nested too deeply."""
    return {key: _plain(value, field, MAX_DEPTH - 1) for key, value in struct.fields.items()}


def to_struct(values: Mapping[str, Any]) -> Struct:
    """A JSON object as a Struct."""
    struct = Struct()
    for key, value in values.items():
        _fill(struct.fields[key], value)
    return struct


def _plain(value: Value, field: str, depth: int) -> Any:
    kind = value.WhichOneof("kind")
    if kind in ("struct_value", "list_value") and depth < 1:
        raise InvalidValue(f"nested more than {MAX_DEPTH} levels deep", field)
    match kind:
        case "number_value":
            number = value.number_value
            # A Struct has doubles only. Beyond 64 bits a whole number was never meant as an integer.
            return int(number) if number.is_integer() and abs(number) < 2**63 else number
        case "struct_value":
            return {key: _plain(each, field, depth - 1) for key, each in value.struct_value.fields.items()}
        case "list_value":
            return [_plain(each, field, depth - 1) for each in value.list_value.values]
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _fill(target: Value, value: Any) -> None:
    if value is None:
        target.null_value = NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, each in value.items():
            _fill(target.struct_value.fields[key], each)
    else:
        target.list_value.SetInParent()
        for each in value:
            _fill(target.list_value.values.add(), each)


def _document(message: pb.Document, index: int) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(message, name) for name in ("title", "text") if message.HasField(name)}
    if message.HasField("metadata"):
        fields["metadata"] = from_struct(message.metadata, f"documents[{index}].metadata")
    if kind := message.WhichOneof("id"):
        fields["id"] = getattr(message, kind)
    return fields


def _compressed(document: CompressedDocument) -> pb.CompressedDocument:
    return pb.CompressedDocument(
        title=document.title,
        text=document.text,
        dropped=document.dropped,
        relevance=document.relevance,
        metadata=None if document.metadata is None else to_struct(document.metadata),
        string_id=document.id if isinstance(document.id, str) else None,
        integer_id=document.id if isinstance(document.id, int) else None,
    )


def _spans(receipt: Any) -> pb.Spans:
    """From a list of [start, end), or, of a message, from that list with its place."""
    if not isinstance(receipt, Mapping):
        return pb.Spans(spans=[pb.Span(start=start, end=end) for start, end in receipt])
    return pb.Spans(
        spans=[pb.Span(start=start, end=end) for start, end in receipt["spans"]],
        message=receipt["message"],
        path=[pb.PathStep(key=step) if isinstance(step, str) else pb.PathStep(index=step) for step in receipt["path"]],
    )
