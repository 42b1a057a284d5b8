"""Total variation distance."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


@item_metric("tvd", title="TVD", position=3, favours_sharp=True)
def tvd(reference: Array, prediction: Array) -> Array:
    """Half the L1 distance, from 0 to 1: (N, K), (N, K) -> (N,).

    >>> tvd([[1, 0]], [[0.75, 0.25]])
    array([0.25])
    """
    values: Array = np.abs(reference - prediction).sum(axis=1) / 2
    return values
