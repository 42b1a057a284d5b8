"""The overlap of n-grams: the share of them that two sequences have in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from labeldist.evaluation.metric import Array


def ngrams(sequence: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """Every run of ``n`` neighbours, repeated ones included; none where the sequence is shorter.

    >>> ngrams(["a", "b", "c"], 2)
    [('a', 'b'), ('b', 'c')]
    """
    return [tuple(sequence[start : start + n]) for start in range(len(sequence) - n + 1)]


def overlaps(sequences: Sequence[Sequence[str]], n: int) -> Array:
    """The n-gram overlap of every pair of M sequences, (M, M).

    For A and B with |A| and |B| n-grams, repetitions counted: how many of A occur in B at least once, plus how many of
    B occur in A at least once, divided by |A| + |B|. From 0 (nothing shared) to 1 (the same set of n-grams). A sequence
    shorter than n has no n-grams: with a longer one the overlap is 0, and with another such one it is undefined (NaN).
    Source: Giulianelli et al. 2023, ``Scorer.ngram_overlap`` of dmg-illc/nlg-uncertainty-probes (their distance is 1
    minus this).

    >>> overlaps([["a", "b", "a"], ["a", "c"], ["d"]], 1).tolist()
    [[1.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    found = [ngrams(sequence, n) for sequence in sequences]
    places: dict[Hashable, int] = {}
    for gram in (gram for grams in found for gram in grams):
        places.setdefault(gram, len(places))
    counts = np.zeros((len(found), len(places)))
    for row, grams in enumerate(found):
        np.add.at(counts[row], [places[gram] for gram in grams], 1)
    shared = counts @ (counts > 0).T
    totals = counts.sum(axis=1)
    total = totals[:, None] + totals[None, :]
    both: Array = shared + shared.T
    shares: Array = np.divide(both, total, out=np.full_like(both, np.nan), where=total > 0)
    return shares
