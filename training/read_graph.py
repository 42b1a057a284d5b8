"""Reads the weights back from a model file, as float32 under the names that transformers uses for BERT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import load_model, numpy_helper

Array = NDArray[Any]

_LAYER = {
    "out": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_output": "output.LayerNorm",
}


def read(path: Path) -> dict[str, Array]:
    """The weights that the runtime computes with: an int8 matrix times its scales, a float16 one as float32."""
    stored = {array.name: numpy_helper.to_array(array) for array in load_model(str(path)).graph.initializer}
    places = _matrix(stored, "places")
    weights = {
        "bert.embeddings.word_embeddings.weight": _matrix(stored, "table"),
        "bert.embeddings.position_embeddings.weight": places,
        # The graph keeps the segment's embedding inside the positions' table.
        "bert.embeddings.token_type_embeddings.weight": np.zeros((2, places.shape[1]), np.float32),
        "cls.predictions.bias": stored["bias"],
    }
    named = {"norm_embedding": "bert.embeddings.LayerNorm", "norm_head": "cls.predictions.transform.LayerNorm"}
    for own, theirs in named.items():
        weights[f"{theirs}.weight"], weights[f"{theirs}.bias"] = stored[f"{own}.weight"], stored[f"{own}.bias"]
    weights["cls.predictions.transform.dense.weight"] = _matrix(stored, "head.weight").T
    weights["cls.predictions.transform.dense.bias"] = stored["head.bias"]
    layers = sum(name.endswith(".qkv.bias") for name in stored)
    for index in range(layers):
        _read_layer(stored, weights, f"layer_{index}.", f"bert.encoder.layer.{index}.")
    return {name: np.array(array, dtype=np.float32, order="C") for name, array in weights.items()}


def _read_layer(stored: dict[str, Array], weights: dict[str, Array], own: str, theirs: str) -> None:
    qkv, bias = _matrix(stored, f"{own}qkv.weight").T, stored[f"{own}qkv.bias"]
    for part, w, b in zip(("query", "key", "value"), np.split(qkv, 3), np.split(bias, 3), strict=True):
        weights[f"{theirs}attention.self.{part}.weight"] = w
        weights[f"{theirs}attention.self.{part}.bias"] = b
    for name, target in _LAYER.items():
        norm = name.startswith("norm_")
        weight = stored[f"{own}{name}.weight"] if norm else _matrix(stored, f"{own}{name}.weight").T
        weights[f"{theirs}{target}.weight"] = weight
        weights[f"{theirs}{target}.bias"] = stored[f"{own}{name}.bias"]


def _matrix(stored: dict[str, Array], name: str) -> Array:
    if f"{name}.int8" in stored:
        return stored[f"{name}.int8"].astype(np.float32) * stored[f"{name}.scale"]
    return stored[f"{name}.float16" if f"{name}.float16" in stored else name].astype(np.float32)
