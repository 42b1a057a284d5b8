"""Jensen-Shannon distance."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


@item_metric("jsd", title="JSD", position=2, favours_sharp=True)
def jsd(reference: Array, prediction: Array) -> Array:
    """Square root of the Jensen-Shannon divergence in nats, from 0 to .8326: (N, K), (N, K) -> (N,).

    Not clipped: 0 ln 0 is 0. As in arXiv 2412.13942, which calls this distance JSD.

    >>> jsd([[1, 0]], [[0, 1]]).round(4)
    array([0.8326])
    """
    middle = (reference + prediction) / 2
    divergence = (_relative_entropy(reference, middle) + _relative_entropy(prediction, middle)) / 2
    # Rounding can take the divergence of equal rows just below 0.
    values: Array = np.sqrt(np.maximum(divergence, 0.0))
    return values


def _relative_entropy(p: Array, q: Array) -> Array:
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0))
    values: Array = (p * np.log(ratio)).sum(axis=1)
    return values
