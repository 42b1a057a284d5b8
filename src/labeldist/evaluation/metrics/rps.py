"""Ranked probability score: the Brier score of an ordinal task, in which a near miss costs less than a far one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from labeldist.evaluation.metric import METRICS, Array, Mean, Metric, checked_pair


def rps(reference: ArrayLike, prediction: ArrayLike) -> Array:
    """The mean over votes v of sum_{k<K} (1[v <= k] - P_k)^2, P cumulative: (N, K), (N, K) -> (N,), from 0 to K - 1.

    Labels are ranks, one step apart, wherever they stand on the scale. As with the Brier score, a perfect prediction
    has what the votes differ among themselves. Source: Epstein (1969), A scoring system for probability forecasts of
    ranked categories, Journal of Applied Meteorology 8:985; turned so that less is better, and not divided by K - 1.

    >>> rps([[1, 0, 0], [1, 0, 0], [0.5, 0, 0.5]], [[0, 0, 1], [0, 1, 0], [0.5, 0, 0.5]])
    array([2. , 1. , 0.5])
    """
    references, predictions = checked_pair(reference, prediction)
    votes, said = (np.cumsum(rows, axis=1)[:, :-1] for rows in (references, predictions))
    scores: Array = (votes * (1 - said) ** 2 + (1 - votes) * said**2).sum(axis=1)
    return scores


def on_scale(values: Sequence[float] | None) -> Metric:
    """The metric, of ordinal tasks only."""

    def estimator(reference: Array, prediction: Array) -> Callable[[Array], Array]:
        return Mean(rps(reference, prediction))

    again = on_scale if values is None else None
    return Metric("rps", "RPS", estimator, position=8, standard=False, proper=True, on_scale=again)


METRICS.add("rps")(on_scale(None))
