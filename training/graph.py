"""Writes the ONNX graph of the network, node by node, with its weights stored as float32, float16 or int8.

Storage "int8-float16" keeps the embedding table in int8 and the rest in float16. All are computed in float32, but
"int8-rows" also computes the layers' products in int8, with one scale per row of the activations, so that a row's
result does not depend on the other rows of a batch.

Inputs (b sequences, t new tokens each, p positions in the cache):

    ids          int64   (b, t)          token ids
    positions    int64   (b, t)          position ids
    mask         float32 (b or 1, 1, t, p + t)  added to the attention scores: 0 to see, a large negative to hide
    rows         int64   (r,)            which of the b * t hidden states, flattened, get logits
    past_key_i, past_value_i   float32 (b or 1, heads, p, size)  the cache of layer i; p may be 0; with a first
                                         dimension of 1 all sequences share it
Outputs:

    logits       float32 (r, vocabulary)
    new_key_i, new_value_i     float32 (b, heads, t, size)  of the new tokens only: who calls keeps the cache

The graph is written by hand rather than traced, so that its inputs stay these and the embedding table is stored once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper, save_model

OPSET = 20
STORAGES = ("float32", "float16", "int8-float16", "int8", "int8-rows")
_EPSILON = 1e-12

Array = NDArray[Any]


@dataclass
class Graph:
    """Nodes and stored arrays under construction."""

    storage: str
    nodes: list[Any] = field(default_factory=list)
    stored: list[Any] = field(default_factory=list)
    counter: int = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any) -> str:
        """Add a node; its first output's name (further ones end in .1, .2, ...)."""
        self.counter += 1
        first = name or f"{kind.lower()}_{self.counter}"
        names = [first, *(f"{first}.{at}" for at in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=first, **attributes))
        return first

    def plain(self, name: str, array: Array) -> str:
        """Store an array as it is."""
        self.stored.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def matrix(self, name: str, array: Array, axis: int) -> str:
        """Store a matrix in the chosen storage; its value as float32. int8 has one scale per index of `axis`.

        The nodes that turn it into float32 are folded into the weights when a session is opened.
        """
        if self.storage == "float32":
            return self.plain(name, array.astype(np.float32))
        if self.storage == "float16":
            return self.op("Cast", self.plain(f"{name}.float16", array.astype(np.float16)), to=TensorProto.FLOAT)
        numbers, scale = to_int8(array, axis)
        wide = self.op("Cast", self.plain(f"{name}.int8", numbers), to=TensorProto.FLOAT)
        return self.op("Mul", wide, self.plain(f"{name}.scale", scale))

    def linear(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """x times the transposed weight (out, in), plus bias."""
        if self.storage == "int8-rows":
            return self.op("Add", self._product_of_int8(x, name, weight), self.plain(f"{name}.bias", bias))
        product = self.op("MatMul", x, self.matrix(f"{name}.weight", weight.T, axis=1))
        return self.op("Add", product, self.plain(f"{name}.bias", bias))

    def _product_of_int8(self, x: str, name: str, weight: Array) -> str:
        numbers, scale = to_int8(weight.T, axis=1)
        largest = self.op("ReduceMax", self.op("Abs", x), self.plain(f"{name}.axis", np.array([-1])))
        step = self.op("Mul", largest, self.plain(f"{name}.part", np.array(1 / 127, np.float32)))
        step = self.op("Add", step, self.plain(f"{name}.least", np.array(1e-9, np.float32)))
        rounded = self.op("Cast", self.op("Round", self.op("Div", x, step)), to=TensorProto.INT8)
        product = self.op("MatMulInteger", rounded, self.plain(f"{name}.weight.int8", numbers))
        product = self.op("Mul", self.op("Cast", product, to=TensorProto.FLOAT), step)
        return self.op("Mul", product, self.plain(f"{name}.weight.scale", scale))

    def norm(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """Layer normalisation over the last dimension."""
        inputs = (x, self.plain(f"{name}.weight", weight), self.plain(f"{name}.bias", bias))
        return self.op("LayerNormalization", *inputs, axis=-1, epsilon=_EPSILON)


def to_int8(array: Array, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers -127..127 and the scale per index of `axis` (kept as a dimension) that minimise the squared error.

    The scale is searched a little below the one that just fits the largest value: clipping one outlier often costs
    less than a coarser step for all others.
    """
    other = 1 - axis
    largest = np.maximum(np.abs(array).max(axis=other, keepdims=True), 1e-12)
    best_scale = largest / 127.0
    best_error = np.full(largest.shape, np.inf)
    for share in (1.0, 0.95, 0.9, 0.85, 0.8):
        scale = largest * share / 127.0
        error = ((np.clip(np.round(array / scale), -127, 127) * scale - array) ** 2).sum(axis=other, keepdims=True)
        better = error < best_error
        best_scale, best_error = np.where(better, scale, best_scale), np.where(better, error, best_error)
    scale32 = best_scale.astype(np.float32)
    return np.clip(np.round(array / scale32), -127, 127).astype(np.int8), scale32


def build(
    weights: dict[str, Array], storage: str, *, layers: int = 6, heads: int = 12, table_storage: str | None = None
) -> Any:
    """The ONNX model of weights that carry the names of transformers' `BertLMHeadModel`.

    `table_storage` stores the embedding table otherwise than the rest.
    """
    if storage == "int8-float16":
        storage, table_storage = "float16", "int8"
    g = Graph(table_storage or storage)
    table_weights = weights["bert.embeddings.word_embeddings.weight"]
    vocabulary, hidden = table_weights.shape
    size = hidden // heads
    table = g.matrix("table", table_weights, axis=0)
    g.storage = storage
    places = weights["bert.embeddings.position_embeddings.weight"]
    # BERT adds the embedding of the first segment to every token: it is put into the positions' table.
    places = places + weights["bert.embeddings.token_type_embeddings.weight"][:1]
    place = g.op("Gather", g.plain("places", places.astype(np.float32)), "positions")
    embedded = g.op("Add", g.op("Gather", table, "ids"), place)
    x = g.norm(embedded, "norm_embedding", *_pair(weights, "bert.embeddings.LayerNorm"))
    past_length = g.op("Shape", "past_key_0", start=2, end=3)
    constants = {
        "split": g.plain("shape_split", np.array([0, 0, 3, heads, size])),
        "join": g.plain("shape_join", np.array([0, 0, hidden])),
        "factor": g.plain("factor", np.array(size**-0.5, np.float32)),
        "zero": g.plain("zero", np.array([0])),
        "end": g.plain("end", np.array([np.iinfo(np.int64).max])),
        "last": g.plain("last", np.array([3])),
        "past_length": past_length,
    }
    g.plain("shape_flat", np.array([-1, hidden]))
    for index in range(layers):
        mixed = _attention(g, x, index, weights, constants)
        if index == layers - 1:
            # Nothing but the wanted rows is needed behind the last attention: an eighth of all computing is saved.
            x, mixed = (g.op("Gather", g.op("Reshape", one, "shape_flat"), "rows", axis=0) for one in (x, mixed))
        x = _feed_forward(g, x, mixed, index, weights)
    head = g.linear(x, "head", *_pair(weights, "cls.predictions.transform.dense"))
    head = g.norm(g.op("Gelu", head), "norm_head", *_pair(weights, "cls.predictions.transform.LayerNorm"))
    g.op("Gemm", head, table, g.plain("bias", weights["cls.predictions.bias"]), name="logits", transB=1)
    return _model(g, layers, heads, size, vocabulary)


def write(path: Path, weights: dict[str, Array], storage: str) -> None:
    """Build the graph and write it to a file."""
    save_model(build(weights, storage), str(path))


def _attention(g: Graph, x: str, index: int, weights: dict[str, Array], constants: dict[str, str]) -> str:
    """What the layer's heads mix, before their output matrix."""
    prefix, own = f"bert.encoder.layer.{index}.", f"layer_{index}."
    parts = [_pair(weights, f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
    qkv = g.linear(x, f"{own}qkv", np.concatenate([w for w, _ in parts]), np.concatenate([b for _, b in parts]))
    apart = g.op("Transpose", g.op("Reshape", qkv, constants["split"]), perm=[2, 0, 3, 1, 4])
    three = g.op("Split", apart, outputs=3, axis=0, num_outputs=3)
    q = g.op("Mul", g.op("Squeeze", three, constants["zero"]), constants["factor"])
    k = g.op("Squeeze", f"{three}.1", constants["zero"], name=f"new_key_{index}")
    v = g.op("Squeeze", f"{three}.2", constants["zero"], name=f"new_value_{index}")
    # The cache is multiplied apart from the new keys and values: it is never copied, and one cache can serve all.
    before = g.op("MatMul", q, g.op("Transpose", f"past_key_{index}", perm=[0, 1, 3, 2]))
    among = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
    scores = g.op("Add", g.op("Concat", before, among, axis=-1), "mask")
    share = g.op("Softmax", scores, axis=-1)
    split = (constants["zero"], constants["past_length"], constants["end"], constants["last"])
    from_past = g.op("MatMul", g.op("Slice", share, split[0], split[1], split[3]), f"past_value_{index}")
    from_new = g.op("MatMul", g.op("Slice", share, split[1], split[2], split[3]), v)
    mixed = g.op("Transpose", g.op("Add", from_past, from_new), perm=[0, 2, 1, 3])
    return g.op("Reshape", mixed, constants["join"])


def _feed_forward(g: Graph, x: str, mixed: str, index: int, weights: dict[str, Array]) -> str:
    """The rest of the layer, token by token."""
    prefix, own = f"bert.encoder.layer.{index}.", f"layer_{index}."
    out = g.linear(mixed, f"{own}out", *_pair(weights, f"{prefix}attention.output.dense"))
    norm = _pair(weights, f"{prefix}attention.output.LayerNorm")
    x = g.norm(g.op("Add", x, out), f"{own}norm_attention", *norm)
    inner = g.op("Gelu", g.linear(x, f"{own}up", *_pair(weights, f"{prefix}intermediate.dense")))
    down = g.linear(inner, f"{own}down", *_pair(weights, f"{prefix}output.dense"))
    return g.norm(g.op("Add", x, down), f"{own}norm_output", *_pair(weights, f"{prefix}output.LayerNorm"))


def _pair(weights: dict[str, Array], name: str) -> tuple[Array, Array]:
    return weights[f"{name}.weight"].astype(np.float32), weights[f"{name}.bias"].astype(np.float32)


def _model(g: Graph, layers: int, heads: int, size: int, vocabulary: int) -> Any:
    number, whole = TensorProto.FLOAT, TensorProto.INT64
    value = helper.make_tensor_value_info
    inputs = [
        value("ids", whole, ["b", "t"]),
        value("positions", whole, ["b", "t"]),
        value("mask", number, ["mask_b", 1, "t", "all"]),
        value("rows", whole, ["r"]),
    ]
    outputs = [value("logits", number, ["r", vocabulary])]
    for index in range(layers):
        inputs += [value(f"past_{kind}_{index}", number, ["past_b", heads, "p", size]) for kind in ("key", "value")]
        outputs += [value(f"new_{kind}_{index}", number, ["b", heads, "t", size]) for kind in ("key", "value")]
    graph = helper.make_graph(g.nodes, "labeldist-embedded", inputs, outputs, g.stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    checker.check_model(model)
    return model
