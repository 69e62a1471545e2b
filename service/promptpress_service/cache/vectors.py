"""Embeddings as one layer of what replicas share."""

import struct

import numpy as np

from promptpress.backends.encoder.late_chunking import PassageVectors
from promptpress_service.cache.layers import Layer

_HEAD = struct.Struct("<4sII")
_MAGIC = b"pv16"


def pack(vectors: PassageVectors) -> bytes:
    """Vectors as bytes: a head, then `units` row by row and `passage`, little-endian float16."""
    rows, dimension = vectors.units.shape
    body = vectors.units.astype("<f2").tobytes() + vectors.passage.astype("<f2").tobytes()
    return _HEAD.pack(_MAGIC, rows, dimension) + body


def unpack(data: bytes) -> PassageVectors | None:
    """The vectors, bit for bit and read-only, or None if the bytes are not of `pack`."""
    if len(data) < _HEAD.size:
        return None
    magic, rows, dimension = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 2 * dimension * (rows + 1):
        return None
    values = np.frombuffer(data, dtype="<f2", offset=_HEAD.size).astype(np.float16, copy=False)
    return PassageVectors(values[: rows * dimension].reshape(rows, dimension), values[rows * dimension :])


EMBEDDINGS = Layer("embeddings", pack, unpack, compress=False)
