"""Accuracy against the label that most people chose."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


@item_metric("accuracy", title="Acc.", higher_is_better=True, position=53, standard=False)
def accuracy(reference: Array, prediction: Array) -> Array:
    """1 where the likeliest label of both is the same, else 0: (N, K), (N, K) -> (N,). Of a tie the first label counts.

    >>> accuracy([[0.6, 0.4], [0.1, 0.9]], [[0.9, 0.1], [0.8, 0.2]])
    array([1., 0.])
    """
    values: Array = (reference.argmax(axis=1) == prediction.argmax(axis=1)).astype(np.float64)
    return values
