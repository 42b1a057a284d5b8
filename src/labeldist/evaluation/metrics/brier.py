"""Brier score: a proper score of votes, whose mean does not depend on how many votes a reference has."""

from __future__ import annotations

from labeldist.evaluation.metric import Array, item_metric


@item_metric("brier", title="Brier", position=7, standard=False, proper=True)
def brier(reference: Array, prediction: Array) -> Array:
    """The mean over votes v of sum_k (1[v = k] - p_k)^2, from 0 to 2: (N, K), (N, K) -> (N,).

    With r the shares of the votes it is 1 - 2 r'p + p'p: the squared distance of r and p plus 1 - r'r, what votes
    differ among themselves, which also a perfect prediction has. Source: Brier (1950), Verification of forecasts
    expressed in terms of probability, Monthly Weather Review 78:1, in his scale.

    >>> brier([[1, 0], [0.5, 0.5]], [[0.75, 0.25], [0.5, 0.5]])
    array([0.125, 0.5  ])
    """
    total = reference.sum(axis=1)
    values: Array = total - 2 * (reference * prediction).sum(axis=1) + total * (prediction**2).sum(axis=1)
    return values
