"""The least that a FastAPI service can do: read the body, answer bytes. `python -m benchmarks.load.baseline PORT`."""

import os
import sys

import uvicorn
from fastapi import FastAPI, Request, Response


def application(answer: bytes) -> FastAPI:
    """An application whose `POST /v1/compress` always answers the same bytes."""
    app = FastAPI()

    @app.post("/v1/compress")
    async def compress(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    @app.get("/ready")
    async def ready() -> Response:
        return Response()

    return app


if __name__ == "__main__":
    # The settings of service.server.
    uvicorn.run(
        application(os.environ["BASELINE_ANSWER"].encode()),
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
    )
