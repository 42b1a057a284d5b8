"""The network in torch, written out: a BERT encoder's weights used as a causal language model.

Its parameters can be loaded from and saved as those of transformers' `BertLMHeadModel`. It is separate because it can
share the keys and values of a constant opening within a batch, which saves half of the training time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    """Sizes of the network."""

    vocabulary: int = 30522
    hidden: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    positions: int = 512
    epsilon: float = 1e-12


class Layer(nn.Module):
    """One transformer layer with the normalisation after each sum, as in BERT."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm_attention = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm_output = nn.LayerNorm(shape.hidden, shape.epsilon)

    def forward(
        self, x: Tensor, mask: Tensor, past: tuple[Tensor, Tensor] | None, drop: float
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        batch, length, hidden = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        if past is not None:
            k = torch.cat([past[0].expand(batch, -1, -1, -1), k], dim=2)
            v = torch.cat([past[1].expand(batch, -1, -1, -1), v], dim=2)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm_attention(x + _drop(self.out(mixed), drop))
        x = self.norm_output(x + _drop(self.down(F.gelu(self.up(x))), drop))
        return x, (k, v)


class Network(nn.Module):
    """Embeddings, layers and a language-model head whose matrix is the embedding table."""

    def __init__(self, shape: Shape = Shape()) -> None:  # noqa: B008 - a frozen record
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.places = nn.Embedding(shape.positions, shape.hidden)
        self.kind = nn.Parameter(torch.zeros(shape.hidden))
        self.norm_embedding = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.hidden, shape.hidden)
        self.norm_head = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))

    def opening(self, ids: Tensor, drop: float = 0.0) -> list[tuple[Tensor, Tensor]]:
        """Keys and values, per layer, of a constant opening of token ids (length,)."""
        return self._run(ids[None], None, drop)[1]

    def after(self, ids: Tensor, past: list[tuple[Tensor, Tensor]] | None, drop: float = 0.0) -> Tensor:
        """Hidden states (batch, length, hidden) of token ids that follow the opening; padding is at the end."""
        return self._run(ids, past, drop)[0]

    def _run(
        self, ids: Tensor, past: list[tuple[Tensor, Tensor]] | None, drop: float
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        before = 0 if past is None else past[0][0].shape[2]
        length = ids.shape[1]
        place = torch.arange(before, before + length, device=ids.device)
        x = self.norm_embedding(self.words(ids) + (self.places(place) + self.kind))
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.bfloat16)
        x = _drop(x, drop)
        later = torch.arange(before + length, device=ids.device)[None, :] > place[:, None]
        mask = torch.zeros(later.shape, device=ids.device).masked_fill(later, -1e9)[None, None]
        present = []
        for index, layer in enumerate(self.layers):
            x, kv = layer(x, mask, None if past is None else past[index], drop)
            present.append(kv)
        return x, present

    def logits(self, hidden: Tensor, candidates: Tensor | None = None) -> Tensor:
        """Logits (rows, vocabulary) of hidden states (rows, hidden); or of the candidate tokens only."""
        x = cast(Tensor, self.norm_head(F.gelu(self.head(hidden))))
        if candidates is None:
            return F.linear(x, self.words.weight, self.bias)
        return F.linear(x, self.words.weight[candidates], self.bias[candidates])


def _drop(x: Tensor, share: float) -> Tensor:
    """Dropout with one mask for all positions of a sequence: far fewer random numbers on a CPU."""
    if share == 0.0:
        return x
    keep = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= share
    return x * (keep / (1.0 - share)).to(x.dtype)
