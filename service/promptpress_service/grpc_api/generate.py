"""Makes the Python stubs from the proto: `python -m promptpress_service.grpc_api.generate`. Needs grpcio-tools."""

import tempfile
from importlib.resources import files
from pathlib import Path

FOLDER = Path(__file__).parent
PROTO = "promptpress/v1/promptpress.proto"
GENERATED = FOLDER / "generated"


def generate() -> dict[str, str]:
    """The generated modules: file name to content. Raises RuntimeError if the proto does not compile."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as out:
        code = protoc.main(
            [
                "protoc",
                f"--proto_path={FOLDER / 'proto'}",
                f"--proto_path={files('grpc_tools') / '_proto'}",
                f"--python_out={out}",
                f"--pyi_out={out}",
                f"--grpc_python_out={out}",
                PROTO,
            ]
        )
        if code:
            raise RuntimeError("protoc failed; its message is above")
        return {
            path.name: path.read_text(encoding="utf-8").replace(
                # protoc names modules after the proto's folder, which is a package name of the wire, not of ours.
                "from promptpress.v1 import",
                f"from {__package__}.generated import",
            )
            for path in sorted(Path(out, PROTO).parent.iterdir())
        }


def main() -> None:
    """Write the modules."""
    for name, content in generate().items():
        (GENERATED / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
