"""Annotators who are not the people asked about (experts, say): how much of what they prefer is their own.

Labels alone cannot tell that. What is assumed here: half of the fitted bias of each label is the annotators' own and is
taken out, of what is expected of an item and of the labels that are counted; what remains is worth four annotators,
since experts agree with each other more than a crowd does. On the 341 items of Chen et al. (2025), whose reference is
100 crowd workers, KL falls with the labels of four experts from .201 to .153, with five MNLI labels from .152 to .137,
with all nine from .139 to .103 (two large models as evidence). That is one group of experts. Where the annotators are
the people asked about (2, 4 and 8 labels drawn from the crowd's votes) the same costs 0% to 18% by KL with this
evidence, of which 2% to 3% against a single Dirichlet, and 17% to 72% without evidence.
"""

from __future__ import annotations

import numpy as np

from labeldist.estimation.observations import Array

POPULATIONS = ("same", "other")
OWN = 0.5  # of the bias
WORTH = 4.0  # annotators


def own_bias(bias: Array) -> Array:
    """What of a fitted bias per label (..., K) is the annotators' own, as logarithms around 0.

    >>> own_bias(np.array([1.0, 0.0])).tolist()
    [0.25, -0.25]
    """
    own: Array = OWN * (bias - bias.mean(axis=-1, keepdims=True))
    return own


def expected_of_others(mean: Array, own: Array) -> Array:
    """Prior means (N, K) for people without the bias ``own`` (N, K).

    >>> expected_of_others(np.array([[0.5, 0.5]]), np.log([[3.0, 1.0]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    shares: Array = mean * np.exp(-own)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def labels_of_others(counts: Array, own: Array) -> Array:
    """Label counts (N, K), each item's as many as before, as far as ``own`` (N, K) did not make them.

    A label that nobody gave stays at 0.

    >>> labels_of_others(np.array([[3.0, 1.0], [4.0, 0.0]]), np.log([[3.0, 1.0]])).tolist()
    [[2.0, 2.0], [4.0, 0.0]]
    """
    shares = counts * np.exp(-own)
    total = shares.sum(axis=1, keepdims=True)
    found: Array = shares * (counts.sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0))
    return found
