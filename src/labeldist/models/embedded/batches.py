"""Which sequences go through the network together, and as what arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from labeldist.models.embedded.session import HIDDEN, Floats, Ints
from labeldist.models.prompt_tree import common_length

# What all sequences must have in common to be computed once before them: a pass of its own for less isn't worth it.
LEAST_COMMON = 24


def even_batches(
    sequences: Sequence[Sequence[int]], batch_tokens: int, room: int = 0, lanes: int = 1
) -> list[list[int]]:
    """Indices of sequences of similar length, longest first; at most ``batch_tokens`` in a batch with its padding.

    ``room`` tokens per sequence are counted in addition. A sequence longer than the budget goes alone. Batches have
    about the same number of sequences, and there are as many for each lane: none waits for another's long last one.

    >>> even_batches([[1], [1, 2, 3], [1, 2], [1]], batch_tokens=9)
    [[1, 2], [0, 3]]
    """
    order = sorted(range(len(sequences)), key=lambda at: -len(sequences[at]))
    number = lanes
    while True:
        cuts = [len(order) * at // number for at in range(number + 1)]
        batches = [order[first:last] for first, last in pairwise(cuts) if first < last]
        if all(len(one) == 1 or len(one) * (len(sequences[one[0]]) + room) <= batch_tokens for one in batches):
            return batches
        number += lanes


def common_opening(sequences: Sequence[Sequence[int]]) -> int:
    """How many first tokens all sequences share, less the last one of the shortest; 0 where it isn't worth a pass.

    >>> common_opening([[*range(100), 1], [*range(100), 2]])
    100
    """
    if len(sequences) < 2:
        return 0
    common = common_length(min(map(tuple, sequences)), max(map(tuple, sequences)))
    common = min(common, min(map(len, sequences)) - 1)
    return common if common >= LEAST_COMMON else 0


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
