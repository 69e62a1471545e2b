"""What the service prints when it starts: where it listens, and a command to try it with."""

import socket

from promptpress_service.settings.settings import Settings

_BODY = """{
    "query": "When did Amundsen reach the South Pole?", "target_ratio": 0.5,
    "text": "Roald Amundsen was an explorer who had studied medicine before he went to sea. \
Amundsen reached the South Pole on 14 December 1911."}"""


def banner(settings: Settings, listener: socket.socket) -> str:
    """The text for a service with these settings that listens there."""
    url = url_of(settings, listener)
    # Certificates are seldom made out to the address that is shown, or signed by an authority that curl knows.
    options = "-k " if settings.tls_certificate else ""
    key = " -H 'Authorization: Bearer YOUR_API_KEY'" if settings.has_keys else ""
    return (
        f"PromptPress on {url} (documentation at {url}/docs). Try:\n\n"
        f"  curl {options}{url}/v1/compress{key} -H 'Content-Type: application/json' -d '{_BODY}'\n\n"
    )


def url_of(settings: Settings, listener: socket.socket) -> str:
    """The URL at which this machine reaches the service."""
    scheme = "https" if settings.tls_certificate else "http"
    host, port = listener.getsockname()[:2]
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
