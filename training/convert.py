"""Weights between this project's network and the names that transformers uses for BERT."""

from __future__ import annotations

import torch
from torch import Tensor

from training.network import Network

_LAYER = {
    "out": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_output": "output.LayerNorm",
}
_QKV = ("query", "key", "value")


def from_encoder(network: Network, encoder: dict[str, Tensor]) -> None:
    """Fill the network with the weights of a published BERT encoder, and give its new head a sensible start."""
    state = {name.removeprefix("bert."): tensor.float() for name, tensor in encoder.items()}
    own = _from_bert(state, network.shape.layers)
    own["kind"] = state["embeddings.token_type_embeddings.weight"][0]
    # The head starts as the identity followed by a normalisation of a size that makes first logits moderate.
    own["head.weight"] = torch.eye(network.shape.hidden)
    own["head.bias"] = torch.zeros(network.shape.hidden)
    own["norm_head.weight"] = torch.ones(network.shape.hidden)
    own["norm_head.bias"] = torch.zeros(network.shape.hidden)
    own["bias"] = torch.zeros(network.shape.vocabulary)
    network.load_state_dict(own)


def to_transformers(network: Network) -> dict[str, Tensor]:
    """The weights under the names of `BertLMHeadModel`."""
    state = {name: tensor.detach().float().contiguous() for name, tensor in network.state_dict().items()}
    result = {
        "bert.embeddings.word_embeddings.weight": state["words.weight"],
        "bert.embeddings.position_embeddings.weight": state["places.weight"],
        "bert.embeddings.token_type_embeddings.weight": torch.stack([state["kind"], torch.zeros_like(state["kind"])]),
        "cls.predictions.bias": state["bias"],
    }
    for kind in ("weight", "bias"):
        result[f"bert.embeddings.LayerNorm.{kind}"] = state[f"norm_embedding.{kind}"]
        result[f"cls.predictions.transform.dense.{kind}"] = state[f"head.{kind}"]
        result[f"cls.predictions.transform.LayerNorm.{kind}"] = state[f"norm_head.{kind}"]
        for index in range(network.shape.layers):
            prefix = f"bert.encoder.layer.{index}."
            for name, part in zip(_QKV, state[f"layers.{index}.qkv.{kind}"].chunk(3), strict=True):
                result[f"{prefix}attention.self.{name}.{kind}"] = part.contiguous()
            for own, theirs in _LAYER.items():
                result[f"{prefix}{theirs}.{kind}"] = state[f"layers.{index}.{own}.{kind}"]
    return result


def from_transformers(network: Network, state: dict[str, Tensor]) -> None:
    """The reverse of `to_transformers`."""
    bert = {name.removeprefix("bert."): tensor.float() for name, tensor in state.items()}
    own = _from_bert(bert, network.shape.layers)
    own["kind"] = bert["embeddings.token_type_embeddings.weight"][0]
    own["bias"] = bert["cls.predictions.bias"]
    for kind in ("weight", "bias"):
        own[f"head.{kind}"] = bert[f"cls.predictions.transform.dense.{kind}"]
        own[f"norm_head.{kind}"] = bert[f"cls.predictions.transform.LayerNorm.{kind}"]
    network.load_state_dict(own)


def _from_bert(state: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    own = {
        "words.weight": state["embeddings.word_embeddings.weight"],
        "places.weight": state["embeddings.position_embeddings.weight"],
    }
    for kind in ("weight", "bias"):
        own[f"norm_embedding.{kind}"] = state[f"embeddings.LayerNorm.{kind}"]
        for index in range(layers):
            prefix = f"encoder.layer.{index}."
            parts = [state[f"{prefix}attention.self.{name}.{kind}"] for name in _QKV]
            own[f"layers.{index}.qkv.{kind}"] = torch.cat(parts)
            for name, theirs in _LAYER.items():
                own[f"layers.{index}.{name}.{kind}"] = state[f"{prefix}{theirs}.{kind}"]
    return own
