"""The network in torch, written out: a BERT encoder's weights used as a causal language model.

Its parameters can be loaded from and saved as those of transformers' `BertLMHeadModel`. It is separate because it can
share the keys and values of a constant opening within a batch, which saves half of the training time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


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
        q = q * (q.shape[-1] ** -0.5)
        scores = q @ k.transpose(-1, -2) + mask
        if past is None:
            mixed = scores.softmax(-1).to(v.dtype) @ v
        else:
            # The opening's keys (heads, length, size) are the same for the whole batch: one product per head.
            flat = q.transpose(0, 1).reshape(self.heads, batch * length, -1)
            to_past = (flat @ past[0].transpose(-1, -2)).view(self.heads, batch, length, -1).transpose(0, 1)
            share = torch.cat([scores, to_past], dim=-1).softmax(-1).to(v.dtype)
            from_past = share[..., length:].transpose(0, 1).reshape(self.heads, batch * length, -1) @ past[1]
            mixed = share[..., :length] @ v + from_past.view(self.heads, batch, length, -1).transpose(0, 1)
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm_attention(x + _drop(self.out(mixed), drop))
        x = self.norm_output(x + _drop(self.down(functional.gelu(self.up(x))), drop))
        return x, (k[0], v[0])


@dataclass
class Vocabulary:
    """The rows of the embedding table that a training step needs, or all of them.

    With a part, `raised` is added to the logits of entries that were drawn at random, so that they stand for all
    entries left out (sampled softmax).
    """

    table: Tensor  # (entries, hidden)
    bias: Tensor  # (entries,)
    raised: Tensor  # (entries,)
    place: Tensor  # (vocabulary,): token id -> entry
    chosen: Tensor | None = None  # (entries,): entry -> token id, of a part


class Network(nn.Module):
    """Embeddings, layers and a language-model head whose matrix is the embedding table."""

    def __init__(self, shape: Shape = Shape()) -> None:
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

    def all_words(self) -> Vocabulary:
        """The whole vocabulary."""
        size = self.shape.vocabulary
        return Vocabulary(self.words.weight, self.bias, torch.zeros(size), torch.arange(size))

    def some_words(self, used: Tensor, entries: int) -> Vocabulary:
        """The token ids `used` (distinct) and others drawn at random, `entries` in all.

        The table is a copy that collects its own gradient: `collect` brings it home. A dense gradient of the whole
        table, made anew in every step, would cost a tenth of the time.
        """
        size = self.shape.vocabulary
        others = torch.ones(size, dtype=torch.bool)
        others[used] = False
        pool = others.nonzero()[:, 0]
        sampled = entries - len(used)
        chosen = torch.cat([used, pool[torch.randint(len(pool), (sampled,))]])
        raised = torch.zeros(entries)
        raised[len(used) :] = math.log(len(pool) / sampled)
        place = torch.full((size,), -1)
        place[used] = torch.arange(len(used))
        table = self.words.weight.detach()[chosen].requires_grad_()
        return Vocabulary(table, self.bias[chosen], raised, place, chosen)

    def collect(self, words: Vocabulary) -> None:
        """Set the embedding table's gradient from that of a part of the vocabulary."""
        weight = self.words.weight
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        else:
            weight.grad.zero_()
        assert words.chosen is not None
        assert words.table.grad is not None
        weight.grad.index_add_(0, words.chosen, words.table.grad)

    def opening(self, ids: Tensor, words: Vocabulary, drop: float = 0.0) -> list[tuple[Tensor, Tensor]]:
        """Keys and values (heads, length, size), per layer, of a constant opening of token ids (length,)."""
        return self._run(ids[None], words, None, drop)[1]

    def after(
        self, ids: Tensor, words: Vocabulary, past: list[tuple[Tensor, Tensor]] | None, drop: float = 0.0
    ) -> Tensor:
        """Hidden states (batch, length, hidden) of token ids that follow the opening; padding is at the end."""
        return self._run(ids, words, past, drop)[0]

    def _run(
        self, ids: Tensor, words: Vocabulary, past: list[tuple[Tensor, Tensor]] | None, drop: float
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        before = 0 if past is None else past[0][0].shape[1]
        length = ids.shape[1]
        place = torch.arange(before, before + length)
        embedded = functional.embedding(words.place[ids], words.table)
        x = self.norm_embedding(embedded + (self.places(place) + self.kind))
        if torch.is_autocast_enabled(ids.device.type):
            x = x.to(torch.bfloat16)
        x = _drop(x, drop)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        mask = torch.zeros(length, length, dtype=x.dtype).masked_fill(later, -1e9)
        present = []
        for index, layer in enumerate(self.layers):
            x, kv = layer(x, mask, None if past is None else past[index], drop)
            present.append(kv)
        return x, present

    def logits(self, hidden: Tensor, words: Vocabulary) -> Tensor:
        """Logits (rows, entries) of hidden states (rows, hidden)."""
        x = cast(Tensor, self.norm_head(functional.gelu(self.head(hidden))))
        return functional.linear(x, words.table, words.bias).float() + words.raised


def _drop(x: Tensor, share: float) -> Tensor:
    """Dropout with one mask for all positions of a sequence: far fewer random numbers on a CPU."""
    if share == 0.0:
        return x
    keep = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= share
    return x * (keep / (1.0 - share)).to(x.dtype)
