from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Texts(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...

class Document(_message.Message):
    __slots__ = ("string_id", "integer_id", "title", "text", "metadata")
    STRING_ID_FIELD_NUMBER: _ClassVar[int]
    INTEGER_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    string_id: str
    integer_id: int
    title: str
    text: str
    metadata: _struct_pb2.Struct
    def __init__(self, string_id: _Optional[str] = ..., integer_id: _Optional[int] = ..., title: _Optional[str] = ..., text: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Documents(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Document]
    def __init__(self, items: _Optional[_Iterable[_Union[Document, _Mapping]]] = ...) -> None: ...

class Messages(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    def __init__(self, items: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ...) -> None: ...

class CompressRequest(_message.Message):
    __slots__ = ("text", "texts", "documents", "messages", "query", "target_ratio", "target_tokens", "method", "options", "model", "tokenizer", "protect", "protect_patterns", "compress_roles", "include", "deadline_ms", "store_original", "min_tokens")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    TARGET_RATIO_FIELD_NUMBER: _ClassVar[int]
    TARGET_TOKENS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    PROTECT_FIELD_NUMBER: _ClassVar[int]
    PROTECT_PATTERNS_FIELD_NUMBER: _ClassVar[int]
    COMPRESS_ROLES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    STORE_ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    MIN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    text: str
    texts: Texts
    documents: Documents
    messages: Messages
    query: str
    target_ratio: float
    target_tokens: int
    method: str
    options: _struct_pb2.Struct
    model: str
    tokenizer: str
    protect: str
    protect_patterns: _containers.RepeatedScalarFieldContainer[str]
    compress_roles: _containers.RepeatedScalarFieldContainer[str]
    include: _containers.RepeatedScalarFieldContainer[str]
    deadline_ms: int
    store_original: bool
    min_tokens: int
    def __init__(self, text: _Optional[str] = ..., texts: _Optional[_Union[Texts, _Mapping]] = ..., documents: _Optional[_Union[Documents, _Mapping]] = ..., messages: _Optional[_Union[Messages, _Mapping]] = ..., query: _Optional[str] = ..., target_ratio: _Optional[float] = ..., target_tokens: _Optional[int] = ..., method: _Optional[str] = ..., options: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., model: _Optional[str] = ..., tokenizer: _Optional[str] = ..., protect: _Optional[str] = ..., protect_patterns: _Optional[_Iterable[str]] = ..., compress_roles: _Optional[_Iterable[str]] = ..., include: _Optional[_Iterable[str]] = ..., deadline_ms: _Optional[int] = ..., store_original: _Optional[bool] = ..., min_tokens: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("tokens_before", "tokens_after", "tokens_saved", "ratio", "tokenizer", "exact")
    TOKENS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_AFTER_FIELD_NUMBER: _ClassVar[int]
    TOKENS_SAVED_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    tokens_before: int
    tokens_after: int
    tokens_saved: int
    ratio: float
    tokenizer: str
    exact: bool
    def __init__(self, tokens_before: _Optional[int] = ..., tokens_after: _Optional[int] = ..., tokens_saved: _Optional[int] = ..., ratio: _Optional[float] = ..., tokenizer: _Optional[str] = ..., exact: _Optional[bool] = ...) -> None: ...

class TimingMs(_message.Message):
    __slots__ = ("queue", "score", "cut", "verify", "total")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    VERIFY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    queue: float
    score: float
    cut: float
    verify: float
    total: float
    def __init__(self, queue: _Optional[float] = ..., score: _Optional[float] = ..., cut: _Optional[float] = ..., verify: _Optional[float] = ..., total: _Optional[float] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class PathStep(_message.Message):
    __slots__ = ("key", "index")
    KEY_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    key: str
    index: int
    def __init__(self, key: _Optional[str] = ..., index: _Optional[int] = ...) -> None: ...

class Spans(_message.Message):
    __slots__ = ("spans", "message", "path")
    SPANS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    spans: _containers.RepeatedCompositeFieldContainer[Span]
    message: int
    path: _containers.RepeatedCompositeFieldContainer[PathStep]
    def __init__(self, spans: _Optional[_Iterable[_Union[Span, _Mapping]]] = ..., message: _Optional[int] = ..., path: _Optional[_Iterable[_Union[PathStep, _Mapping]]] = ...) -> None: ...

class UnitScore(_message.Message):
    __slots__ = ("start", "end", "score", "kept")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    score: float
    kept: bool
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ..., score: _Optional[float] = ..., kept: _Optional[bool] = ...) -> None: ...

class UnitScores(_message.Message):
    __slots__ = ("units",)
    UNITS_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[UnitScore]
    def __init__(self, units: _Optional[_Iterable[_Union[UnitScore, _Mapping]]] = ...) -> None: ...

class CompressedDocument(_message.Message):
    __slots__ = ("string_id", "integer_id", "title", "text", "metadata", "dropped", "relevance")
    STRING_ID_FIELD_NUMBER: _ClassVar[int]
    INTEGER_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    RELEVANCE_FIELD_NUMBER: _ClassVar[int]
    string_id: str
    integer_id: int
    title: str
    text: str
    metadata: _struct_pb2.Struct
    dropped: bool
    relevance: float
    def __init__(self, string_id: _Optional[str] = ..., integer_id: _Optional[int] = ..., title: _Optional[str] = ..., text: _Optional[str] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., dropped: _Optional[bool] = ..., relevance: _Optional[float] = ...) -> None: ...

class CompressedDocuments(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[CompressedDocument]
    def __init__(self, items: _Optional[_Iterable[_Union[CompressedDocument, _Mapping]]] = ...) -> None: ...

class CompressResponse(_message.Message):
    __slots__ = ("id", "text", "texts", "documents", "messages", "status", "reason", "method", "method_details", "models", "usage", "timing_ms", "warnings", "cache", "spans", "scores", "ccr_hashes", "originals")
    ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    METHOD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    TIMING_MS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    CCR_HASHES_FIELD_NUMBER: _ClassVar[int]
    ORIGINALS_FIELD_NUMBER: _ClassVar[int]
    id: str
    text: str
    texts: Texts
    documents: CompressedDocuments
    messages: Messages
    status: str
    reason: str
    method: str
    method_details: _struct_pb2.Struct
    models: _containers.RepeatedScalarFieldContainer[str]
    usage: Usage
    timing_ms: TimingMs
    warnings: _containers.RepeatedScalarFieldContainer[str]
    cache: str
    spans: _containers.RepeatedCompositeFieldContainer[Spans]
    scores: _containers.RepeatedCompositeFieldContainer[UnitScores]
    ccr_hashes: _containers.RepeatedScalarFieldContainer[str]
    originals: _containers.RepeatedCompositeFieldContainer[OriginalReference]
    def __init__(self, id: _Optional[str] = ..., text: _Optional[str] = ..., texts: _Optional[_Union[Texts, _Mapping]] = ..., documents: _Optional[_Union[CompressedDocuments, _Mapping]] = ..., messages: _Optional[_Union[Messages, _Mapping]] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., method: _Optional[str] = ..., method_details: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., timing_ms: _Optional[_Union[TimingMs, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ..., cache: _Optional[str] = ..., spans: _Optional[_Iterable[_Union[Spans, _Mapping]]] = ..., scores: _Optional[_Iterable[_Union[UnitScores, _Mapping]]] = ..., ccr_hashes: _Optional[_Iterable[str]] = ..., originals: _Optional[_Iterable[_Union[OriginalReference, _Mapping]]] = ...) -> None: ...

class OriginalReference(_message.Message):
    __slots__ = ("item", "hash")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    item: int
    hash: str
    def __init__(self, item: _Optional[int] = ..., hash: _Optional[str] = ...) -> None: ...

class CompressBatchRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[CompressRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[CompressRequest, _Mapping]]] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "message", "field", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    field: str
    details: _struct_pb2.Struct
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., field: _Optional[str] = ..., details: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CompressBatchItem(_message.Message):
    __slots__ = ("index", "result", "error")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    index: int
    result: CompressResponse
    error: Error
    def __init__(self, index: _Optional[int] = ..., result: _Optional[_Union[CompressResponse, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ...) -> None: ...

class CompressBatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CompressBatchItem]
    def __init__(self, results: _Optional[_Iterable[_Union[CompressBatchItem, _Mapping]]] = ...) -> None: ...

class CompressStreamResponse(_message.Message):
    __slots__ = ("item", "finished", "total")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    item: CompressBatchItem
    finished: int
    total: int
    def __init__(self, item: _Optional[_Union[CompressBatchItem, _Mapping]] = ..., finished: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class RetrieveRequest(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: str
    def __init__(self, hash: _Optional[str] = ...) -> None: ...

class RetrieveResponse(_message.Message):
    __slots__ = ("hash", "original_content", "tokens")
    HASH_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_CONTENT_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    hash: str
    original_content: str
    tokens: int
    def __init__(self, hash: _Optional[str] = ..., original_content: _Optional[str] = ..., tokens: _Optional[int] = ...) -> None: ...

class ListMethodsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Method(_message.Message):
    __slots__ = ("name", "summary", "query", "models", "options_schema")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    name: str
    summary: str
    query: str
    models: _containers.RepeatedScalarFieldContainer[str]
    options_schema: str
    def __init__(self, name: _Optional[str] = ..., summary: _Optional[str] = ..., query: _Optional[str] = ..., models: _Optional[_Iterable[str]] = ..., options_schema: _Optional[str] = ...) -> None: ...

class ListMethodsResponse(_message.Message):
    __slots__ = ("methods",)
    METHODS_FIELD_NUMBER: _ClassVar[int]
    methods: _containers.RepeatedCompositeFieldContainer[Method]
    def __init__(self, methods: _Optional[_Iterable[_Union[Method, _Mapping]]] = ...) -> None: ...

class TokenizeRequest(_message.Message):
    __slots__ = ("text", "texts", "model", "tokenizer")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    text: str
    texts: Texts
    model: str
    tokenizer: str
    def __init__(self, text: _Optional[str] = ..., texts: _Optional[_Union[Texts, _Mapping]] = ..., model: _Optional[str] = ..., tokenizer: _Optional[str] = ...) -> None: ...

class TokenizeResponse(_message.Message):
    __slots__ = ("counts", "total", "tokenizer", "exact", "warnings")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedScalarFieldContainer[int]
    total: int
    tokenizer: str
    exact: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, counts: _Optional[_Iterable[int]] = ..., total: _Optional[int] = ..., tokenizer: _Optional[str] = ..., exact: _Optional[bool] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...
