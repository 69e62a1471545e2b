"""A wire format that nobody speaks: its own path, bodies, errors and key header, in one file."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

from promptpress_service.dialects.base import Dialect, header_key
from promptpress_service.dialects.errors import ErrorReply, ErrorReport
from promptpress_service.engine.outcome import Outcome
from promptpress_service.engine.request import ServiceRequest


class ToyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    long: str
    keep: float = Field(0.5, gt=0, le=1)


class ToyResponse(BaseModel):
    short: str
    asked_by: str


class ToyError(BaseModel):
    oops: str
    why: str
    number: int


class Toy(Dialect[ToyRequest]):
    name = "toy"
    paths = ("/toy/shorten", "/toy/v2/shorten")
    operation_id = "toyShorten"
    summary = "Shorten, as a toy does"
    headers = ("x-toy-user",)
    request_model = ToyRequest
    response_model = ToyResponse
    error_model = ToyError
    security_schemes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "toyKey": {"type": "apiKey", "in": "header", "name": "x-toy-key"}
    }
    users: ClassVar[list[str]] = []

    def decode(self, body: ToyRequest, headers: Mapping[str, str]) -> ServiceRequest:
        self.users.append(headers.get("x-toy-user", "nobody"))
        return ServiceRequest(text=body.long, target_ratio=body.keep, method="truncate")

    def encode(self, outcome: Outcome, body: ToyRequest) -> ToyResponse:
        return ToyResponse(short=outcome.result.text or "", asked_by=self.users[-1])

    def encode_error(self, error: ErrorReport) -> ErrorReply:
        body = {"oops": error.code, "why": error.message, "number": error.status}
        return ErrorReply(error.status, orjson.dumps(body), error.http_headers())

    def credentials(self, headers: Mapping[str, str]) -> list[str]:
        return header_key(headers, "x-toy-key")
