"""Continues sequences token by token, in batches, with a cache of keys and values."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from labeldist.models.embedded.batches import causal_mask, padded
from labeldist.models.embedded.session import HIDDEN, Floats, Ints, Session

_GROWTH = 32  # positions by which a full cache grows


def continue_batch(
    session: Session, sequences: Sequence[Sequence[int]], *, new: int, end: int, pad: int, temperature: float, seed: int
) -> list[list[int]]:
    """Up to ``new`` further tokens of each sequence, without the ``end`` token.

    Plain greedy decoding at temperature 0, nothing else: no penalty, no stopping rule but ``end``. Above it,
    sampling; a sequence's random numbers depend on the seed and on the sequence, not on what else is in the batch.
    """
    made: list[list[int]] = [[] for _ in sequences]
    if new < 1:
        return made
    ids, lengths = padded(sequences, pad)
    longest = ids.shape[1]
    positions = np.broadcast_to(np.arange(longest, dtype=np.int64), ids.shape)
    last = np.arange(len(ids)) * longest + lengths - 1
    logits, cache = session.forward(ids, positions, causal_mask(longest), session.empty_cache(), last)
    # (b, 1, 1, cache): what each sequence may see. Columns of its padding stay hidden.
    seen = np.where(np.arange(longest) < lengths[:, None], np.float32(0), HIDDEN)[:, None, None]
    used = longest
    active = np.arange(len(sequences))
    chance = [_generator(sequence, seed) for sequence in sequences] if temperature > 0 else []
    for step in range(new):
        token = _sample(logits, temperature, [chance[at] for at in active]) if chance else logits.argmax(1)
        going = token != end
        for at, value in zip(active[going], token[going], strict=True):
            made[at].append(int(value))
        if step + 1 == new or not going.any():
            break
        if not going.all():
            active, token, lengths, seen = active[going], token[going], lengths[going], seen[going]
            cache = [(key[going], value[going]) for key, value in cache]
        if used == cache[0][0].shape[2]:
            cache = [(_grown(key), _grown(value)) for key, value in cache]
            hidden = np.full((len(active), 1, 1, _GROWTH), HIDDEN, dtype=np.float32)
            seen = np.concatenate([seen, hidden], axis=3)
        # The new token comes after the cache in the mask: it always sees itself.
        mask = np.concatenate([seen, np.zeros((len(active), 1, 1, 1), dtype=np.float32)], axis=3)
        place = (lengths + step)[:, None]
        logits, fresh = session.forward(token[:, None], place, mask, cache, np.arange(len(active)))
        for (key, value), (new_key, new_value) in zip(cache, fresh, strict=True):
            key[:, :, used], value[:, :, used] = new_key[:, :, 0], new_value[:, :, 0]
        seen[..., used] = 0
        used += 1
    return made


def _grown(part: Floats) -> Floats:
    """The cache with room for further positions; zeros, because a hidden position is still multiplied by zero."""
    return np.concatenate([part, np.zeros((*part.shape[:2], _GROWTH, part.shape[3]), dtype=np.float32)], axis=2)


def _generator(sequence: Sequence[int], seed: int) -> np.random.Generator:
    digest = hashlib.sha256(np.asarray(sequence, dtype=np.int64).tobytes()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def _sample(logits: Floats, temperature: float, chance: Sequence[np.random.Generator]) -> Ints:
    scaled = logits.astype(np.float64) / temperature
    share = np.exp(scaled - scaled.max(axis=1, keepdims=True)).cumsum(axis=1)
    drawn = np.empty(len(logits), dtype=np.int64)
    for at, (row, one) in enumerate(zip(share, chance, strict=True)):
        # Rounding may put the draw behind the last entry.
        drawn[at] = min(np.searchsorted(row, one.random() * row[-1], side="right"), len(row) - 1)
    return drawn
