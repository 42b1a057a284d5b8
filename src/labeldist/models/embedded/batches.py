"""Which sequences go through the network together, and as what arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labeldist.models.embedded.session import HIDDEN, Floats, Ints


def by_length(sequences: Sequence[Sequence[int]], batch_tokens: int, room: int = 0) -> Iterator[list[int]]:
    """Indices of sequences of similar length, longest first; at most ``batch_tokens`` in a batch with its padding.

    ``room`` tokens per sequence are counted in addition. A sequence longer than the budget goes alone.

    >>> list(by_length([[1], [1, 2, 3], [1, 2]], batch_tokens=6))
    [[1, 2], [0]]
    """
    batch: list[int] = []
    for at in sorted(range(len(sequences)), key=lambda at: -len(sequences[at])):
        longest = len(sequences[batch[0]] if batch else sequences[at]) + room
        if batch and (len(batch) + 1) * longest > batch_tokens:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def padded(sequences: Sequence[Sequence[int]], pad: int) -> tuple[Ints, Ints]:
    """Token ids (b, longest), padded at the end, and the lengths (b,)."""
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    ids = np.full((len(sequences), int(lengths.max())), pad, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    return ids, lengths


def causal_mask(length: int) -> Floats:
    """(1, 1, length, length): each token sees itself and what is before it, so never the padding at the end."""
    return np.triu(np.full((length, length), HIDDEN, dtype=np.float32), 1)[None, None]
