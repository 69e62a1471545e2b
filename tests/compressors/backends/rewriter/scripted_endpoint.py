"""A local HTTP server that speaks OpenAI's chat completions and answers as a script tells it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """One answer. `wait` is in seconds; `raw` stands for a whole body."""

    text: str | None = ""
    status: int = 200
    finish_reason: str = "stop"
    wait: float = 0.0
    refusal: str | None = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[dict[str, Any], int], Answer]
"""From what the user message held and the number of the call to an answer."""


@dataclass
class Endpoint:
    url: str
    calls: list[dict[str, Any]]
    most_at_once: int = 0


@contextmanager
def scripted(script: Script) -> Iterator[Endpoint]:
    lock = threading.Lock()
    running = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal running
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = json.loads(body["messages"][-1]["content"])
            with lock:
                running += 1
                endpoint.most_at_once = max(endpoint.most_at_once, running)
                endpoint.calls.append({"body": body, "asked": asked, "key": self.headers.get("authorization")})
                number = len(endpoint.calls)
            answer = script(asked, number)
            time.sleep(answer.wait)
            with lock:
                running -= 1
            message: dict[str, Any] = {"role": "assistant", "content": answer.text}
            if answer.refusal:
                message["refusal"] = answer.refusal
            payload = (
                answer.raw
                or json.dumps(
                    {
                        "id": "1",
                        "object": "chat.completion",
                        "created": 0,
                        "model": body["model"],
                        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
                        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
                    }
                    if answer.status == 200
                    else {"error": {"message": "scripted"}}
                ).encode()
            )
            try:
                self.send_response(answer.status)
                for name, value in {"content-type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/v1", [])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()


def faithful(asked: dict[str, Any], _: int) -> Answer:
    """The keywords in order, which is short and holds every one of them."""
    return Answer("; ".join(asked["keep"]) + ".")
