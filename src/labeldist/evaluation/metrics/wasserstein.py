"""Wasserstein distance: how far probability must be moved along the scale of an ordinal task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from labeldist.evaluation.metric import METRICS, Array, Mean, Metric, checked_pair


def wasserstein(reference: ArrayLike, prediction: ArrayLike, values: Sequence[float] | None = None) -> Array:
    """The 1-Wasserstein distance: (N, K), (N, K) -> (N,), in the units of the scale.

    ``values`` (K,): where the labels stand, rising; 1 apart where it is None. In one dimension the distance is the area
    between the two cumulative distributions.

    >>> wasserstein([[1, 0, 0]], [[0, 0, 1]]), wasserstein([[1, 0, 0]], [[0, 0, 1]], [0, 1, 5])
    (array([2.]), array([5.]))
    """
    references, predictions = checked_pair(reference, prediction)
    places = np.arange(references.shape[1]) if values is None else np.array(values, dtype=np.float64)
    between = np.abs(np.cumsum(references - predictions, axis=1)[:, :-1])
    distances: Array = between @ np.diff(places)
    return distances


def on_scale(values: Sequence[float] | None) -> Metric:
    """The metric for labels that stand at ``values``."""

    def estimator(reference: Array, prediction: Array) -> Callable[[Array], Array]:
        return Mean(wasserstein(reference, prediction, values))

    again = on_scale if values is None else None
    metric = Metric("wasserstein", "Wasserstein", estimator, position=6, standard=False, on_scale=again)
    return replace(metric, favours_sharp=True)


METRICS.add("wasserstein")(on_scale(None))
