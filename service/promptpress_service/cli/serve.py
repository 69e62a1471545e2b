"""`promptpress serve`: the service."""

from pathlib import Path
from typing import Annotated

import typer

from promptpress_service.cli.failures import reported
from promptpress_service.settings.settings import load_settings

_Port = typer.Option(min=0, max=65535, help="HTTP port [PROMPTPRESS_HTTP_PORT]")
_GrpcPort = typer.Option(min=-1, max=65535, help="gRPC port, -1 for none [PROMPTPRESS_GRPC_PORT]")
_MetricsPort = typer.Option(min=-1, max=65535, help="Port of /metrics, -1 for none [PROMPTPRESS_METRICS_PORT]")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [PROMPTPRESS_HOST]")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with settings [PROMPTPRESS_CONFIG_FILE]")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that serve [PROMPTPRESS_WORKERS]")] = None,
    port: Annotated[int | None, _Port] = None,
    grpc_port: Annotated[int | None, _GrpcPort] = None,
    metrics_port: Annotated[int | None, _MetricsPort] = None,
) -> None:
    """Run the service."""
    from promptpress_service.process.workers import metrics_folder
    from promptpress_service.settings.exposure import check_bind
    from promptpress_service.settings.model_paths import check_model_paths

    flags = {
        "host": host,
        "http_port": port,
        "grpc_port": grpc_port,
        "metrics_port": metrics_port,
        "config_file": config,
        "workers": workers,
    }
    with reported():
        settings = load_settings(flags)
        check_bind(settings)
        check_model_paths(settings)
        with metrics_folder(settings):
            # Imports the metrics, for which the folder must be there.
            from promptpress_service.process.server import run

            raise typer.Exit(run(settings))
