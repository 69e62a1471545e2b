"""Builds the ONNX graph of a BERT encoder from its safetensors weights, in fp32 or statically quantised int8.

The graph is built in memory at load time, so the project ships no copy of somebody else's weights and needs neither
torch nor an export step. Every row of the result depends on that row alone: activation scales are constants found by
`training/encoder/calibrate.py`, never the maximum of whatever shares the batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
CONTRIB = "com.microsoft"
WEIGHT_LEVELS = 63
"""Weights use 7 of 8 bits: on CPUs without VNNI the 8-bit product of two int8 pairs saturates its 16-bit sum."""


SMOOTHING = 0.7


@dataclass(frozen=True)
class BertShape:
    """The numbers of a BERT configuration that the graph needs."""

    layers: int
    heads: int
    hidden: int
    epsilon: float


@dataclass(frozen=True)
class ActivationRange:
    """Smallest and largest value that each channel of a matrix product's input is expected to take; shape (channels,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def smoothing(self, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """Factor of each channel by which activations are divided and weights (out, channels) multiplied.

        A few channels are ten times larger than the rest and would set the quantisation step for all; this moves part of
        the difference into the weights. Xiao et al., SmoothQuant (arXiv 2211.10438), equation 4, with alpha = 0.7.
        """
        largest = np.maximum(np.maximum(np.abs(self.low), np.abs(self.high)), 1e-5)
        factor = largest**SMOOTHING / np.maximum(np.abs(weight).max(axis=0), 1e-5) ** (1 - SMOOTHING)
        return np.asarray(factor / np.exp(np.log(factor).mean()), dtype=np.float32)

    def scale_and_zero_point(self, factor: NDArray[np.float32]) -> tuple[np.float32, np.uint8]:
        """Affine uint8 quantisation of the smoothed input in which 0.0 is exactly representable."""
        low, high = min(float((self.low / factor).min()), 0.0), max(float((self.high / factor).max()), 0.0)
        scale = (high - low) / 255 or 1.0
        return np.float32(scale), np.uint8(round(-low / scale))


@dataclass(frozen=True)
class TokenHead:
    """A linear layer in fp32 over every token's state: `weight` (outputs, hidden), `bias` (outputs,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


class _GraphWriter:
    def __init__(self, ranges: Mapping[str, ActivationRange] | None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.ranges = ranges
        self.matmul_inputs: dict[str, str] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes: int | float) -> str:
        node = helper.make_node(op, inputs, [output], name=output, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def linear(self, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """`x @ weight.T + bias`; weight is (out, in) as torch stores it."""
        self.matmul_inputs[name] = x
        bias_name = self.constant(f"{name}.bias", bias)
        if self.ranges is None:
            product = self.node("MatMul", [x, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
            return self.node("Add", [product, bias_name], f"{name}.out")
        channels = self.ranges[name]
        factor = channels.smoothing(weight)
        weight = weight * factor
        x = self.node("Mul", [x, self.constant(f"{name}.unsmooth", 1 / factor)], f"{name}.smoothed")
        scale, zero_point = channels.scale_and_zero_point(factor)
        x_scale = self.constant(f"{name}.x_scale", np.asarray(scale))
        x_zero = self.constant(f"{name}.x_zero", np.asarray(zero_point))
        quantised = self.node("QuantizeLinear", [x, x_scale, x_zero], f"{name}.x_q")
        weight_scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / WEIGHT_LEVELS
        weight_q = np.round(weight / weight_scale[:, None]).astype(np.int8)
        return self.node(
            "MatMulIntegerToFloat",
            [
                quantised,
                self.constant(f"{name}.weight_q", weight_q.T),
                x_scale,
                self.constant(f"{name}.weight_scale", weight_scale.astype(np.float32)),
                x_zero,
                "",
                bias_name,
            ],
            f"{name}.out",
            domain=CONTRIB,
        )


def build_bert(
    weights: Mapping[str, NDArray[np.float32]],
    shape: BertShape,
    ranges: Mapping[str, ActivationRange] | None,
    expose_matmul_inputs: bool = False,
    head: TokenHead | None = None,
) -> bytes:
    """Serialise the encoder as an ONNX model.

    Input `token_ids` (batch, length) int32; output `states` (batch, length, hidden) float32, the last layer's token
    states. There is no attention mask and so no padding: all rows of a batch have the same number of tokens, which makes
    a row's result bit for bit independent of its neighbours. With a `head` there is a second input `segments` (batch,
    length) int32 of zeros and ones, and the output is `scores` (batch, length, outputs) instead.

    With `ranges` None the products run in fp32; otherwise in int8 with these input ranges. `expose_matmul_inputs` adds
    the input of every product as an output under the product's name, for calibration.
    """
    graph = _GraphWriter(ranges)
    hidden, heads = shape.hidden, shape.heads

    def layer_norm(name: str, x: str, prefix: str) -> str:
        return graph.node(
            "LayerNormalization",
            [
                x,
                graph.constant(f"{name}.gamma", weights[f"{prefix}.weight"]),
                graph.constant(f"{name}.beta", weights[f"{prefix}.bias"]),
            ],
            f"{name}.out",
            axis=-1,
            epsilon=shape.epsilon,
        )

    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    types = weights["embeddings.token_type_embeddings.weight"]
    # Without segments the type embedding is a constant that can be added to the positions once.
    positions = graph.constant("positions", weights["embeddings.position_embeddings.weight"] + (0 if head else types[0]))
    token_states = graph.node("Gather", [words, "token_ids"], "words.out")
    graph.node("Shape", ["token_ids"], "length_of_row", start=1, end=2)
    zero = graph.constant("zero", np.asarray([0], dtype=np.int64))
    row_positions = graph.node("Slice", [positions, zero, "length_of_row", zero], "positions.row")
    expanded = graph.node("Add", [token_states, row_positions], "embeddings.sum")
    inputs = ["token_ids"]
    if head is not None:
        inputs.append("segments")
        segments = graph.node("Gather", [graph.constant("types", types[:2]), "segments"], "segments.out")
        expanded = graph.node("Add", [expanded, segments], "embeddings.typed")
    state = layer_norm("embeddings", expanded, "embeddings.LayerNorm")

    for layer in range(shape.layers):
        prefix = f"encoder.layer.{layer}"
        attention = f"{prefix}.attention"
        projection = graph.linear(
            f"{layer}.qkv",
            state,
            np.concatenate([weights[f"{attention}.self.{part}.weight"] for part in ("query", "key", "value")]),
            np.concatenate([weights[f"{attention}.self.{part}.bias"] for part in ("query", "key", "value")]),
        )
        parts = [f"{layer}.query", f"{layer}.key", f"{layer}.value"]
        sizes = graph.constant(f"{layer}.sizes", np.asarray([hidden] * 3, dtype=np.int64))
        graph.nodes.append(helper.make_node("Split", [projection, sizes], parts, name=f"{layer}.split", axis=2))
        context = graph.node(
            "MultiHeadAttention",
            parts,
            f"{layer}.context",
            domain=CONTRIB,
            num_heads=heads,
        )
        attended = graph.linear(
            f"{layer}.attention_out",
            context,
            weights[f"{attention}.output.dense.weight"],
            weights[f"{attention}.output.dense.bias"],
        )
        state = layer_norm(
            f"{layer}.attention_norm",
            graph.node("Add", [attended, state], f"{layer}.attention_sum"),
            f"{attention}.output.LayerNorm",
        )
        inner = graph.linear(
            f"{layer}.inner",
            state,
            weights[f"{prefix}.intermediate.dense.weight"],
            weights[f"{prefix}.intermediate.dense.bias"],
        )
        activated = graph.node("Gelu", [inner], f"{layer}.gelu", domain=CONTRIB)
        outer = graph.linear(
            f"{layer}.outer",
            activated,
            weights[f"{prefix}.output.dense.weight"],
            weights[f"{prefix}.output.dense.bias"],
        )
        state = layer_norm(
            f"{layer}.output_norm",
            graph.node("Add", [outer, state], f"{layer}.output_sum"),
            f"{prefix}.output.LayerNorm",
        )

    if head is None:
        graph.node("Identity", [state], "states")
        outputs = [helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "length", hidden])]
    else:
        product = graph.node("MatMul", [state, graph.constant("head.weight", head.weight.T)], "head.product")
        graph.node("Add", [product, graph.constant("head.bias", head.bias)], "scores")
        outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", "length", len(head.bias)])]
    if expose_matmul_inputs:
        for name, source in graph.matmul_inputs.items():
            graph.node("Identity", [source], name)
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "length", None]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "length"]) for name in inputs],
            outputs,
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        ir_version=10,
    )
    return bytes(model.SerializeToString())
