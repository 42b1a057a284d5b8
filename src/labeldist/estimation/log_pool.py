"""The logarithmic opinion pool: several distributions made one, each with a weight of its own.

Prior mean of an item: softmax(b + sum over m of w_m log q_m), with a bias b per label and a weight w_m per evidence.
Source: Genest and Zidek (1986), Combining Probability Distributions, Statistical Science 1(1), section 3.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labeldist.estimation.observations import Array


def log_pool(distribution: ArrayLike, floor: float) -> Array:
    """log(q + floor), less its mean over the labels; 0 for all labels where q is not there (NaN).

    ``distribution`` (..., K); the floor keeps a probability of 0 from ruling a label out for ever.

    >>> log_pool([[0.5, 0.5], [float("nan"), float("nan")]], 0.1).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    logs: Array = np.log(np.asarray(distribution, dtype=np.float64) + floor)
    logs -= logs.mean(axis=-1, keepdims=True)
    return np.nan_to_num(logs, copy=False, nan=0.0)


def softmax(scores: Array) -> Array:
    """Over the last axis.

    >>> softmax(np.zeros((1, 4))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    shares: Array = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def log_sum_exp(scores: Array) -> Array:
    """log of the sum of exponentials over the last axis.

    >>> log_sum_exp(np.zeros((1, 4))).round(4).tolist()
    [1.3863]
    """
    top = scores.max(axis=-1)
    total: Array = top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))
    return total


def pooled(bias: Array, weights: Array, opinions: Array) -> Array:
    """Prior means (N, K) from biases (K,), weights (M,) and opinions (N, M, K).

    >>> pooled(np.zeros(2), np.array([1.0]), np.log([[[0.25, 0.75]]])).round(4).tolist()
    [[0.25, 0.75]]
    """
    return softmax(bias + np.einsum("m,nmk->nk", weights, opinions))
