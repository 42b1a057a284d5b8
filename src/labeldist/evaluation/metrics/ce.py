"""Cross-entropy of the prediction under the reference."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric
from labeldist.evaluation.metrics.kl import clipped


@item_metric("ce", title="CE", position=5, proper=True)
def ce(reference: Array, prediction: Array) -> Array:
    """-sum_k r_k ln p_k in nats, both clipped as for KL: (N, K), (N, K) -> (N,).

    It is KL plus the entropy of the reference: also a perfect prediction has the latter. A proper score: the
    mean over the votes of the logarithmic score of Good (1952), Rational decisions, J. R. Stat. Soc. B 14:107.

    >>> ce([[0.5, 0.5]], [[0.5, 0.5]]).round(4)
    array([0.6931])
    """
    values: Array = -(clipped(reference) * np.log(clipped(prediction))).sum(axis=1)
    return values
