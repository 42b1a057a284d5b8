"""Entropy calibration error: is the prediction as undecided as people are?"""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


def entropy(distributions: Array) -> Array:
    """-sum_k p_k ln p_k in nats, with 0 ln 0 = 0: (N, K) -> (N,)."""
    logarithms = np.log(distributions, out=np.zeros_like(distributions), where=distributions > 0)
    values: Array = -(distributions * logarithms).sum(axis=1)
    return values


@item_metric("ent_ce", title="EntCE", position=61, standard=False, favours_sharp=True)
def ent_ce(reference: Array, prediction: Array) -> Array:
    """The absolute difference of the two entropies, in nats: (N, K), (N, K) -> (N,).

    Source: Baan, Aziz, Plank, Fernandez. Stop Measuring Calibration When Humans Disagree. EMNLP 2022, arXiv
    2210.16133, where the difference of each item keeps its sign; a mean of signed ones would hide errors that cancel.

    >>> ent_ce([[0.5, 0.5]], [[1.0, 0.0]]).round(4)
    array([0.6931])
    """
    values: Array = np.abs(entropy(prediction) - entropy(reference))
    return values
