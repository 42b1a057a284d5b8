"""Manhattan distance: what Le-Wi-Di 2025 calls the distance of soft labels."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


@item_metric("manhattan", title="Manhattan", position=71, standard=False, favours_sharp=True)
def manhattan(reference: Array, prediction: Array) -> Array:
    """sum_k |r_k - p_k|: (N, K), (N, K) -> (N,). Twice the TVD, so it goes up to 2.

    Where an annotator may choose several labels, each label is an item of its own (it fits, or not), and the mean over
    them is the multi-label distance of Le-Wi-Di 2025 (arXiv 2510.08460).

    >>> manhattan([[0.5, 0.5]], [[1.0, 0.0]])
    array([1.])
    """
    values: Array = np.abs(reference - prediction).sum(axis=1)
    return values
