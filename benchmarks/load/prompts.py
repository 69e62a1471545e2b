"""Requests as bytes, for HTTP and for gRPC."""

from collections.abc import Iterator
from itertools import count

import orjson

from benchmarks.load.http_client import encoded
from benchmarks.load.texts import mixed_tokens, question_of, text_of
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb

_RATIO = 0.5
_seeds = count(1)


def http_requests(tokens: int | None = None) -> Iterator[bytes]:
    """POST requests that no server has seen, of about so many tokens each; of mixed lengths without."""
    for seed in _seeds:
        fields = {"text": text_of(tokens or mixed_tokens(seed), seed), "query": question_of(seed), "target_ratio": _RATIO}
        yield encoded(orjson.dumps(fields))


def grpc_requests(tokens: int | None = None) -> Iterator[bytes]:
    """The same as serialised messages."""
    for seed in _seeds:
        text = text_of(tokens or mixed_tokens(seed), seed)
        yield pb.CompressRequest(text=text, query=question_of(seed), target_ratio=_RATIO).SerializeToString()
