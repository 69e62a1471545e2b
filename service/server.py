"""Running the application under uvicorn."""

import socket
import sys

import uvicorn

from service.app import create_app
from service.settings import Settings

_CURL = """  curl {url}/v1/compress -H 'Content-Type: application/json' -d '{{
    "query": "When did Amundsen reach the South Pole?", "target_ratio": 0.5,
    "text": "Roald Amundsen studied medicine before he went to sea. He reached the South Pole on 14 December 1911."}}'
"""


def run(settings: Settings) -> int:
    """Serve until interrupted; the exit code of the process."""
    try:
        listener = _listen(settings.host, settings.http_port)
    except OSError as error:
        sys.stderr.write(
            f"promptpress: cannot listen on {settings.host}:{settings.http_port}: {error.strerror or error}; "
            "set PROMPTPRESS_HTTP_PORT to a free port\n"
        )
        return 1
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    sys.stderr.write(f"PromptPress on {url} (documentation at {url}/docs). Try:\n\n{_CURL.format(url=url)}\n")
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=30))
    failures: list[str] = []

    def give_up(message: str) -> None:
        failures.append(message)
        sys.stderr.write(f"promptpress: {message}\n")
        server.should_exit = True

    app.state.on_failure = give_up
    server.run(sockets=[listener])
    return 0 if server.started and not failures else 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
