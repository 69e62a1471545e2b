"""JSON bodies as messages and messages as JSON bodies, so that tests speak of one kind of request only."""

import json
from typing import Any

import grpc

from promptpress_service.grpc_api.conversion import from_struct, to_struct
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb


def request(body: dict[str, Any]) -> pb.CompressRequest:
    fields = dict(body)
    if "texts" in fields:
        fields["texts"] = pb.Texts(items=fields["texts"])
    if "messages" in fields:
        fields["messages"] = pb.Messages(items=[to_struct(message) for message in fields["messages"]])
    if "documents" in fields:
        fields["documents"] = pb.Documents(items=[_document(document) for document in fields["documents"]])
    if "options" in fields:
        fields["options"] = to_struct(fields["options"])
    return pb.CompressRequest(**fields)


def _document(body: dict[str, Any]) -> pb.Document:
    fields = dict(body)
    if "metadata" in fields:
        fields["metadata"] = to_struct(fields["metadata"])
    if "id" in fields:
        identifier = fields.pop("id")
        fields["string_id" if isinstance(identifier, str) else "integer_id"] = identifier
    return pb.Document(**fields)


def response(message: pb.CompressResponse) -> dict[str, Any]:
    """What REST would have answered, less what differs from run to run."""
    body: dict[str, Any] = {
        "status": message.status,
        "method": message.method,
        "method_details": from_struct(message.method_details, ""),
        "models": list(message.models),
        "usage": {field.name: getattr(message.usage, field.name) for field in pb.Usage.DESCRIPTOR.fields},
        "warnings": list(message.warnings),
        "cache": message.cache,
    }
    if message.HasField("reason"):
        body["reason"] = message.reason
    if message.originals:
        body["originals"] = [{"item": each.item, "hash": each.hash} for each in message.originals]
    if message.ccr_hashes:
        body["ccr_hashes"] = list(message.ccr_hashes)
    shape = message.WhichOneof("output")
    if shape == "text":
        body["text"] = message.text
    elif shape == "texts":
        body["texts"] = list(message.texts.items)
    elif shape == "documents":
        body["documents"] = [_compressed(document) for document in message.documents.items]
    else:
        body["messages"] = [from_struct(item, "") for item in message.messages.items]
    spans = [[[span.start, span.end] for span in each.spans] for each in message.spans]
    if spans and shape == "messages":
        places = [[getattr(step, step.WhichOneof("step")) for step in each.path] for each in message.spans]
        body["spans"] = [
            {"message": each.message, "path": path, "spans": part}
            for each, path, part in zip(message.spans, places, spans, strict=True)
        ]
    elif spans:
        body["spans"] = spans[0] if shape == "text" else spans
    scores = [
        [{"start": u.start, "end": u.end, "score": u.score, "kept": u.kept} for u in each.units] for each in message.scores
    ]
    if scores:
        body["scores"] = scores[0] if shape == "text" else scores
    return body


def _compressed(message: pb.CompressedDocument) -> dict[str, Any]:
    body: dict[str, Any] = {"text": message.text, "dropped": message.dropped}
    if kind := message.WhichOneof("id"):
        body["id"] = getattr(message, kind)
    for name in ("title", "relevance"):
        if message.HasField(name):
            body[name] = getattr(message, name)
    if message.HasField("metadata"):
        body["metadata"] = from_struct(message.metadata, "")
    return body


def error_of(failure: grpc.RpcError) -> dict[str, Any]:
    """The error in the trailing metadata."""
    error: dict[str, Any] = json.loads(dict(failure.trailing_metadata())["promptpress-error-bin"])
    return error
