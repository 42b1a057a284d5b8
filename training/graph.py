"""Writes the ONNX graph of the network, node by node, with its weights stored as float32, float16 or int8.

The weights lie in a safetensors file beside the graph, which refers to them by offset: so a better graph can be
written around the same weights, and they are published once.

Storage "int8-float16" keeps the embedding table in int8 and the rest in float16. All are computed in float32, but
"int8-rows" also computes the layers' products in int8, with one scale per row of the activations, so that a row's
result does not depend on the other rows of a batch.

Inputs (b sequences, t new tokens each, p positions in the cache):

    ids          int64   (b, t)          token ids
    positions    int64   (b, t)          position ids
    mask         float32 (b or 1, 1, t, p + t)  added to the attention scores: 0 to see, a large negative to hide
    rows         int64   (b, e)          which of the t tokens of each sequence are computed to the end
    states       float32 (s, hidden)     what other calls gave as `hidden`, to get logits in this one
    wanted       int64   (w,)            which of the b * e + s hidden states, those of `states` last, get logits
    past_key_i, past_value_i   float32 (b or 1, heads, p, size)  the cache of layer i; p may be 0; with a first
                                         dimension of 1 all sequences share it
Outputs:

    logits       float32 (w, vocabulary)
    hidden       float32 (b * e, hidden) hidden states behind the last layer
    new_key_i, new_value_i     float32 (b, heads, t, size)  of the new tokens only: who calls keeps the cache

Logits cost a product with the whole table, which is slow to read: a caller with a few ends per call collects their
hidden states and asks for many logits at once.

The graph is written by hand rather than traced, so that its inputs stay these and the embedding table is stored once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper, save_model
from onnx.external_data_helper import set_external_data
from safetensors.numpy import save

OPSET = 20
STORAGES = ("float32", "float16", "int8-float16", "int8", "int8-rows")
WEIGHTS = "weights.safetensors"
_EPSILON = 1e-12
_SAFETENSORS_TYPES = {TensorProto.FLOAT: "F32", TensorProto.FLOAT16: "F16", TensorProto.INT8: "I8"}
_CONSTANT = "constant."  # begins the names of arrays that belong to the graph and are no weights

Array = NDArray[Any]


@dataclass
class Graph:
    """Nodes and stored arrays under construction."""

    storage: str
    nodes: list[Any] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)
    counter: int = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any) -> str:
        """Add a node; its first output's name (further ones end in .1, .2, ...)."""
        self.counter += 1
        first = name or f"{kind.lower()}_{self.counter}"
        names = [first, *(f"{first}.{at}" for at in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=first, **attributes))
        return first

    def plain(self, name: str, array: Array) -> str:
        """Store an array as it is, once."""
        if name not in self.stored:
            self.stored[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def constant(self, name: str, array: Array) -> str:
        """An array of the graph itself."""
        return self.plain(_CONSTANT + name, array)

    def matrix(self, name: str, array: Array, axis: int) -> str:
        """Store a matrix in the chosen storage; its value as float32. int8 has one scale per index of `axis`.

        The nodes that turn it into float32 are folded into the weights when a session is opened.
        """
        if self.storage == "float32":
            return self.plain(name, array.astype(np.float32))
        if self.storage == "float16":
            return self.op("Cast", self.plain(f"{name}.float16", array.astype(np.float16)), to=TensorProto.FLOAT)
        numbers, scale = self._int8(name, array, axis)
        return self.op("Mul", self.op("Cast", numbers, to=TensorProto.FLOAT), scale)

    def rows_of(self, name: str, array: Array, rows: str) -> str:
        """Rows of a matrix that :meth:`matrix` stores by row: only these are turned into float32."""
        if self.storage == "float32":
            return self.op("Gather", self.plain(name, array.astype(np.float32)), rows)
        if self.storage == "float16":
            stored = self.plain(f"{name}.float16", array.astype(np.float16))
            return self.op("Cast", self.op("Gather", stored, rows), to=TensorProto.FLOAT)
        numbers, scale = self._int8(name, array, axis=0)
        wide = self.op("Cast", self.op("Gather", numbers, rows), to=TensorProto.FLOAT)
        return self.op("Mul", wide, self.op("Gather", scale, rows))

    def linear(
        self, x: str, name: str, weight: Array, bias: Array, *, factor: str = "", columns: tuple[int, int] | None = None
    ) -> str:
        """x times the transposed weight (out, in), plus bias; times `factor` (out,); `columns`: of these outputs only.

        Factor and choice are applied to the weights, and so only once, when a session is opened.
        """

        def chosen(stored: str, axis: int) -> str:
            if columns is None:
                return stored
            first, last = (self.constant(f"column_{at}", np.array([at])) for at in columns)
            return self.op("Slice", stored, first, last, self.constant(f"axis_{axis}", np.array([axis])))

        def scaled(stored: str) -> str:
            return self.op("Mul", stored, factor) if factor else stored

        offset = chosen(scaled(self.plain(f"{name}.bias", bias)), 0)
        if self.storage == "int8-rows":
            numbers, scale = self._int8(f"{name}.weight", weight.T, axis=1)
            product = self._product_of_int8(x, chosen(numbers, 1), chosen(scaled(scale), 1))
        else:
            product = self.op("MatMul", x, chosen(scaled(self.matrix(f"{name}.weight", weight.T, axis=1)), 1))
        return self.op("Add", product, offset)

    def _int8(self, name: str, array: Array, axis: int) -> tuple[str, str]:
        if f"{name}.int8" not in self.stored:
            numbers, scale = to_int8(array, axis)
            self.plain(f"{name}.int8", numbers)
            self.plain(f"{name}.scale", scale)
        return f"{name}.int8", f"{name}.scale"

    def _product_of_int8(self, x: str, numbers: str, scale: str) -> str:
        largest = self.op("ReduceMax", self.op("Abs", x), self.constant("axis_last", np.array([-1])))
        step = self.op("Mul", largest, self.constant("part", np.array(1 / 127, np.float32)))
        step = self.op("Add", step, self.constant("least", np.array(1e-9, np.float32)))
        rounded = self.op("Cast", self.op("Round", self.op("Div", x, step)), to=TensorProto.INT8)
        product = self.op("MatMulInteger", rounded, numbers)
        product = self.op("Mul", self.op("Cast", product, to=TensorProto.FLOAT), step)
        return self.op("Mul", product, scale)

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
    words = g.rows_of("table", table_weights, "ids")
    table = g.matrix("table", table_weights, axis=0)
    g.storage = storage
    places = weights["bert.embeddings.position_embeddings.weight"]
    # BERT adds the embedding of the first segment to every token: it is put into the positions' table.
    places = places + weights["bert.embeddings.token_type_embeddings.weight"][:1]
    place = g.op("Gather", g.plain("places", places.astype(np.float32)), "positions")
    x = g.norm(g.op("Add", words, place), "norm_embedding", *_pair(weights, "bert.embeddings.LayerNorm"))
    attention = _Attention(g, weights, hidden, heads)
    for index in range(layers - 1):
        x = _feed_forward(g, x, attention.of_all(x, index), index, weights)
    # Behind the last keys and values nothing but the wanted rows is needed: a seventh of all computing is saved.
    x, mixed = attention.of_rows(x, layers - 1)
    x = _feed_forward(g, x, mixed, layers - 1, weights)
    x = g.op("Reshape", x, g.constant("shape_flat", np.array([-1, hidden])), name="hidden")
    x = g.op("Gather", g.op("Concat", x, "states", axis=0), "wanted", axis=0)
    head = g.linear(x, "head", *_pair(weights, "cls.predictions.transform.dense"))
    head = g.norm(g.op("Gelu", head), "norm_head", *_pair(weights, "cls.predictions.transform.LayerNorm"))
    g.op("Gemm", head, table, g.plain("bias", weights["cls.predictions.bias"]), name="logits", transB=1)
    return _model(g, layers, heads, size, vocabulary)


def write(folder: Path, weights: dict[str, Array], storage: str) -> None:
    """Build the graph and write `model.onnx` and, beside it, the weights."""
    model = build(weights, storage)
    stored = {
        array.name: numpy_helper.to_array(array)
        for array in model.graph.initializer
        if not array.name.startswith(_CONSTANT)
    }
    (folder / WEIGHTS).write_bytes(save(stored))
    write_around(folder, model)


def write_around(folder: Path, model: Any) -> None:
    """Write `model.onnx` with the weights that lie in the folder's file, whatever those in `model` are.

    Raises :class:`ValueError` where the file has other names, shapes or types than the model.
    """
    with (folder / WEIGHTS).open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        found = json.loads(file.read(size))
    found.pop("__metadata__", None)
    for array in model.graph.initializer:
        if array.name.startswith(_CONSTANT):
            continue
        entry = found.pop(array.name, None)
        wanted = (_SAFETENSORS_TYPES[array.data_type], list(array.dims))
        if entry is None or (entry["dtype"], entry["shape"]) != wanted:
            raise ValueError(f"{folder / WEIGHTS} has {entry} for {array.name}, expected {wanted}")
        first, end = entry["data_offsets"]
        set_external_data(array, WEIGHTS, offset=8 + size + first, length=end - first)
        array.ClearField("raw_data")
    if found:
        raise ValueError(f"{folder / WEIGHTS} has weights that the graph does not use: {', '.join(found)}")
    save_model(model, str(folder / "model.onnx"))


class _Attention:
    """What a layer's heads mix, before their output matrix."""

    def __init__(self, g: Graph, weights: dict[str, Array], hidden: int, heads: int) -> None:
        self.g, self.weights, self.hidden = g, weights, hidden
        size = hidden // heads
        # Queries are made smaller through their weights: a factor on the scores keeps the runtime from its quick
        # product of one row, which is what a step of generation consists of.
        factor = np.repeat(np.array([size**-0.5, 1, 1], np.float32), hidden)
        self.factor = g.constant("factor", factor)
        self.apart = g.constant("shape_apart", np.array([0, 0, heads, size]))
        self.join = g.constant("shape_join", np.array([0, 0, hidden]))
        past = g.op("Shape", "past_key_0", start=2, end=3)
        self.cached = (g.constant("zero", np.array([0])), past)
        self.fresh = (past, g.constant("end", np.array([np.iinfo(np.int64).max])))

    def of_all(self, x: str, index: int) -> str:
        """Each token's mixture (b, t, hidden)."""
        q, k, v = self._split(self._linear(x, index), "", f"new_key_{index}", f"new_value_{index}")
        return self._mixed(q, k, v, "mask", index)

    def of_rows(self, x: str, index: int) -> tuple[str, str]:
        """Of the tokens in `rows`, (b, e, hidden): x itself and the mixtures."""
        g = self.g
        rows = g.op("Unsqueeze", "rows", g.constant("last", np.array([-1])))
        chosen = g.op("GatherND", x, rows, batch_dims=1)
        [q] = self._split(self._linear(chosen, index, (0, self.hidden)), "")
        columns = (self.hidden, 3 * self.hidden)
        k, v = self._split(self._linear(x, index, columns), f"new_key_{index}", f"new_value_{index}")
        one = g.constant("one", np.array([1]))
        every = g.op("Concat", g.op("Shape", "ids", start=0, end=1), one, one, one, axis=0)
        mask = g.op("Squeeze", g.op("Expand", "mask", every), one)
        mask = g.op("Unsqueeze", g.op("GatherND", mask, rows, batch_dims=1), one)
        return chosen, self._mixed(q, k, v, mask, index)

    def _linear(self, x: str, index: int, columns: tuple[int, int] | None = None) -> str:
        prefix = f"bert.encoder.layer.{index}.attention.self."
        parts = [_pair(self.weights, f"{prefix}{part}") for part in ("query", "key", "value")]
        weight, bias = np.concatenate([w for w, _ in parts]), np.concatenate([b for _, b in parts])
        return self.g.linear(x, f"layer_{index}.qkv", weight, bias, factor=self.factor, columns=columns)

    def _split(self, x: str, *names: str) -> list[str]:
        """(b, t, n * hidden) as n arrays (b, heads, t, size) with these names, any where it is empty."""
        g, number = self.g, len(names)
        one = g.op("Split", x, outputs=number, axis=2, num_outputs=number) if number > 1 else x
        parts = [one, *(f"{one}.{at}" for at in range(1, number))]
        return [
            g.op("Transpose", g.op("Reshape", part, self.apart), name=name or None, perm=[0, 2, 1, 3])
            for part, name in zip(parts, names, strict=True)
        ]

    def _mixed(self, q: str, k: str, v: str, mask: str, index: int) -> str:
        g = self.g
        # The cache is multiplied apart from the new keys and values: it is never copied, and one cache can serve all.
        before = g.op("MatMul", q, g.op("Transpose", f"past_key_{index}", perm=[0, 1, 3, 2]))
        among = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        share = g.op("Softmax", g.op("Add", g.op("Concat", before, among, axis=-1), mask), axis=-1)
        last = g.constant("last", np.array([-1]))
        from_past = g.op("MatMul", g.op("Slice", share, *self.cached, last), f"past_value_{index}")
        from_new = g.op("MatMul", g.op("Slice", share, *self.fresh, last), v)
        mixed = g.op("Transpose", g.op("Add", from_past, from_new), perm=[0, 2, 1, 3])
        return g.op("Reshape", mixed, self.join)


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
        value("rows", whole, ["b", "e"]),
        value("states", number, ["s", heads * size]),
        value("wanted", whole, ["w"]),
    ]
    outputs = [value("logits", number, ["w", vocabulary]), value("hidden", number, ["ends", heads * size])]
    for index in range(layers):
        inputs += [value(f"past_{kind}_{index}", number, ["past_b", heads, "p", size]) for kind in ("key", "value")]
        outputs += [value(f"new_{kind}_{index}", number, ["b", heads, "t", size]) for kind in ("key", "value")]
    graph = helper.make_graph(g.nodes, "labeldist-embedded", inputs, outputs, list(g.stored.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    checker.check_model(model)
    return model
