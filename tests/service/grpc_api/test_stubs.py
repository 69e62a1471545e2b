"""The checked-in stubs are those of the proto."""

from promptpress_service.grpc_api.generate import GENERATED, generate
from promptpress_service.grpc_api.generated import promptpress_pb2 as pb


def test_the_stubs_are_what_the_proto_makes() -> None:
    checked_in = {path.name: path.read_text(encoding="utf-8") for path in GENERATED.iterdir() if "_pb2" in path.name}
    checked_in = {name: text for name, text in checked_in.items() if name.endswith((".py", ".pyi"))}
    assert checked_in == generate(), "run `python -m promptpress_service.grpc_api.generate`"


def test_the_service_has_the_methods_it_promises() -> None:
    methods = [method.name for method in pb.DESCRIPTOR.services_by_name["Compressor"].methods]
    assert methods == ["Compress", "CompressBatch", "CompressStream", "Retrieve", "ListMethods", "Tokenize"]
