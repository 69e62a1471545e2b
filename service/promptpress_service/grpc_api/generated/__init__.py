"""What `python -m service.grpc_api.generate` makes of the proto. Not edited by hand."""
