"""Continues sequences token by token, in batches, with a cache of keys and values."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.models.embedded.batches import causal_mask, padded
from labeldist.models.embedded.session import HIDDEN, Cache, Floats, Ints, Session

_GROWTH = 32  # positions by which a full cache grows


@dataclass(frozen=True)
class Decoding:
    """How to decode: up to ``new`` tokens; ``end`` ends an answer; greedy at temperature 0.

    ``distinct_run`` n > 0 keeps any n tokens in a row from coming twice in one answer (the n-gram blocking of
    Paulus et al., 2018, arXiv 1705.04304, section 2.5): a small model else repeats itself.
    """

    new: int
    end: int
    pad: int
    temperature: float = 0.0
    seed: int = 0
    distinct_run: int = 0


def continue_batch(
    session: Session, sequences: Sequence[Sequence[int]], how: Decoding, opening: Cache
) -> list[list[int]]:
    """Up to ``how.new`` further tokens of each sequence, without the end token.

    ``opening`` has the keys and values of the first tokens, the same for all sequences. Sampled tokens depend on the
    seed and on the sequence, not on what else is in the batch.
    """
    made: list[list[int]] = [[] for _ in sequences]
    if how.new < 1:
        return made
    before = opening[0][0].shape[2]
    ids, lengths = padded([sequence[before:] for sequence in sequences], how.pad)
    longest = ids.shape[1]
    positions = np.broadcast_to(np.arange(before, before + longest, dtype=np.int64), ids.shape)
    mask = np.concatenate([np.zeros((1, 1, longest, before), dtype=np.float32), causal_mask(longest)], axis=3)
    computed = session.forward(ids, positions, mask, opening, lengths[:, None] - 1)
    logits = computed.logits
    cache = [
        (_joined(keys, new_keys), _joined(values, new_values))
        for (keys, values), (new_keys, new_values) in zip(opening, computed.fresh, strict=True)
    ]
    lengths, longest = lengths + before, longest + before
    # (b, 1, 1, cache): what each sequence may see. Columns of its padding stay hidden.
    seen = np.where(np.arange(cache[0][0].shape[2]) < lengths[:, None], np.float32(0), HIDDEN)[:, None, None]
    used = longest
    active = np.arange(len(sequences))
    chance = [_generator(sequence, how.seed) for sequence in sequences] if how.temperature > 0 else []
    runs = [Runs(how.distinct_run) for _ in sequences]
    for step in range(how.new):
        for row, at in enumerate(active):
            logits[row, runs[at].forbidden()] = -np.inf
        token = _sample(logits, how.temperature, [chance[at] for at in active]) if chance else logits.argmax(1)
        going = token != how.end
        for at, value in zip(active[going], token[going], strict=True):
            made[at].append(int(value))
            runs[at].add(int(value))
        if step + 1 == how.new or not going.any():
            break
        if not going.all():
            kept, free, moved = _closed_up(going)
            for part in (active, token, lengths, seen, *itertools.chain.from_iterable(cache)):
                part[free] = part[moved]
            active, token, lengths, seen = active[:kept], token[:kept], lengths[:kept], seen[:kept]
            cache = [(key[:kept], value[:kept]) for key, value in cache]
        if used == cache[0][0].shape[2]:
            cache = [(_grown(key), _grown(value)) for key, value in cache]
            hidden = np.full((len(active), 1, 1, _GROWTH), HIDDEN, dtype=np.float32)
            seen = np.concatenate([seen, hidden], axis=3)
        # The new token comes after the cache in the mask: it always sees itself.
        mask = np.concatenate([seen, np.zeros((len(active), 1, 1, 1), dtype=np.float32)], axis=3)
        place = (lengths + step)[:, None]
        computed = session.forward(token[:, None], place, mask, cache, np.zeros_like(place))
        logits = computed.logits
        for (key, value), (new_key, new_value) in zip(cache, computed.fresh, strict=True):
            key[:, :, used], value[:, :, used] = new_key[:, :, 0], new_value[:, :, 0]
        seen[..., used] = 0
        used += 1
    return made


def _closed_up(going: NDArray[np.bool_]) -> tuple[int, Ints, Ints]:
    """How many rows go on; the rows among the first so many that do not, and the later ones that take their places.

    Only these are copied, where leaving out the others would copy all.
    """
    kept = int(going.sum())
    return kept, np.flatnonzero(~going[:kept]), kept + np.flatnonzero(going[kept:])


class Runs:
    """The runs of ``length`` tokens in one answer, to tell which next tokens would repeat one; none for length 0."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._made: list[int] = []
        self._next: dict[tuple[int, ...], list[int]] = {}

    def add(self, token: int) -> None:
        """Continue the answer.

        >>> runs = Runs(2)
        >>> for token in (5, 6, 5):
        ...     runs.add(token)
        >>> runs.forbidden()
        [6]
        """
        if self.length:
            self._made.append(token)
            if len(self._made) >= self.length:
                self._next.setdefault(tuple(self._made[-self.length : -1]), []).append(token)

    def forbidden(self) -> list[int]:
        """Tokens that would make a run come twice."""
        if len(self._made) < self.length or not self.length:
            return []
        return self._next.get(tuple(self._made[len(self._made) - self.length + 1 :]), [])


def _joined(shared: Floats, own: Floats) -> Floats:
    """The shared positions of each sequence, its own, and room for further ones."""
    count, heads, length, size = own.shape
    before = shared.shape[2]
    whole = np.zeros((count, heads, before + length + _GROWTH, size), dtype=np.float32)
    whole[:, :, :before], whole[:, :, before : before + length] = shared, own
    return whole


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
