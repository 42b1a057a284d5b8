"""What a metric is, and the two decorators that register one: per item, or one number for the whole set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeldist.core.errors import InputError
from labeldist.core.registry import Registry

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metric:
    """A named way to compare predictions with references, both (N, K): a row per item, a column per label.

    ``estimator(reference, prediction)`` gives a function from weights (B, N), whose rows sum to 1, to the metric
    of each of the B weighted sets (B,): that is what the bootstrap needs. ``position`` orders the columns of
    tables. ``standard``: is it in a table for which no metric was named? With more than ``most_items`` items the
    metric is computed on that many, drawn at random. ``bounds``: of a metric that is biased where items are drawn
    twice; its resamples are then put about its value, and cut to them. ``on_scale``: what makes the metric of an
    ordinal task from where its labels stand on the scale (None: the metric does not ask). ``proper``: a proper score
    of votes, which leads tables where references have few of them (:mod:`labeldist.evaluation.few_votes`);
    ``favours_sharp``: a distance that then ranks sharp predictions too high. ``together``: an estimator of several
    predictions at once, (M, B), where they share work; of each it gives what ``estimator`` gives.
    """

    name: str
    title: str
    estimator: Callable[[Array, Array], Callable[[Array], Array]]
    higher_is_better: bool = False
    position: int = 100
    most_items: int | None = None
    standard: bool = True
    bounds: tuple[float, float] | None = None
    on_scale: Callable[[Sequence[float]], Metric] | None = None
    proper: bool = False
    favours_sharp: bool = False
    together: Callable[[Array, Sequence[Array]], Callable[[Array], Array]] | None = None

    def value(self, reference: ArrayLike, prediction: ArrayLike) -> float:
        """The metric of all items, each with the same weight; NaN where it is undefined.

        >>> METRICS.get("tvd").value([[1, 0], [0.5, 0.5]], [[0, 1], [0.5, 0.5]])
        0.5
        """
        references, predictions = checked_pair(reference, prediction)
        weights = np.full((1, len(references)), 1 / len(references))
        return float(self.estimator(references, predictions)(weights)[0])


@dataclass(frozen=True, slots=True)
class Mean:
    """What an estimator gives where a metric is a mean over items: weights (B, N) to means (B,).

    ``values`` (N,) are those of the items, so that resamples of many items can be gone through in parts.
    """

    values: Array

    def __call__(self, weights: Array) -> Array:
        """The weighted means."""
        means: Array = weights @ self.values
        return means


METRICS: Registry[Metric] = Registry(
    "metric", "labeldist.evaluation.metrics", group="labeldist.metrics", part_type=Metric
)


def all_metrics(values: Sequence[float] | None = None, *, few_votes: bool = False) -> list[Metric]:
    """Every standard metric, in the order of the columns of tables.

    ``values``: where the labels of an ordinal task stand; with them the metrics of a scale are there, too.
    ``few_votes``: references have few, so proper scores come first, all of them.
    """
    metrics = [*METRICS.parts().values()]
    standard = (one for one in metrics if one.standard or (one.on_scale is not None and not one.proper))
    proper = (one for one in metrics if one.proper and not one.standard) if few_votes else ()
    chosen = [one for one in (*standard, *proper) if one.on_scale is None or values is not None]
    return sorted(
        (scaled(one, values) for one in chosen),
        key=lambda metric: (few_votes and not metric.proper, metric.position, metric.name),
    )


def scaled(metric: Metric, values: Sequence[float] | None) -> Metric:
    """``metric`` on the scale of an ordinal task, where it asks for one."""
    return metric if metric.on_scale is None or values is None else metric.on_scale(values)


def checked_pair(reference: ArrayLike, prediction: ArrayLike) -> tuple[Array, Array]:
    """Both as float64 (N, K). Raises :class:`InputError` where N is 0, shapes differ, or a number is no probability."""
    pair = np.asarray(reference, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    for name, array in zip(("reference", "prediction"), pair, strict=True):
        if array.ndim != 2 or array.size == 0:
            raise InputError(f"a {name} of shape {array.shape}", expected="(items, labels) with at least one item")
        if not np.isfinite(array).all() or (array < 0).any():
            raise InputError(f"a negative or non-finite number in a {name}", expected="probabilities")
    if pair[0].shape != pair[1].shape:
        raise InputError(f"a prediction of shape {pair[1].shape}", expected=f"the reference's shape {pair[0].shape}")
    return pair


def item_metric(
    name: str,
    *,
    title: str,
    higher_is_better: bool = False,
    position: int = 100,
    standard: bool = True,
    proper: bool = False,
    favours_sharp: bool = False,
) -> Callable[[Callable[[Array, Array], Array]], Callable[[ArrayLike, ArrayLike], Array]]:
    """Register a function (reference (N, K), prediction (N, K)) -> (N,); what is reported is the mean.

    The function gets arrays that have been checked; called by its name it checks them as well.
    """

    def register(function: Callable[[Array, Array], Array]) -> Callable[[ArrayLike, ArrayLike], Array]:
        @functools.wraps(function)
        def checked(reference: ArrayLike, prediction: ArrayLike) -> Array:
            return function(*checked_pair(reference, prediction))

        def estimator(reference: Array, prediction: Array) -> Callable[[Array], Array]:
            return Mean(checked(reference, prediction))

        metric = Metric(name, title, estimator, higher_is_better, position, standard=standard)
        METRICS.add(name)(replace(metric, proper=proper, favours_sharp=favours_sharp))
        return checked

    return register


def set_metric(
    name: str,
    *,
    title: str,
    higher_is_better: bool = False,
    position: int = 100,
    most_items: int | None = None,
    standard: bool = True,
    bounds: tuple[float, float] | None = None,
    together: Callable[[Array, Sequence[Array], Array], Array] | None = None,
) -> Callable[[Callable[[Array, Array, Array], Array]], Callable[[ArrayLike, ArrayLike, Array], Array]]:
    """Register a function (reference (N, K), prediction (N, K), weights (B, N)) -> (B,): one number per set.

    Each row of the weights sums to 1 and says how much each item counts in one of B sets. ``together``: the same of M
    predictions, (M, B), for a metric that does some of its work once for all.
    """

    def register(
        function: Callable[[Array, Array, Array], Array],
    ) -> Callable[[ArrayLike, ArrayLike, Array], Array]:
        @functools.wraps(function)
        def checked(reference: ArrayLike, prediction: ArrayLike, weights: Array) -> Array:
            return function(*checked_pair(reference, prediction), weights)

        def estimator(reference: Array, prediction: Array) -> Callable[[Array], Array]:
            pair = checked_pair(reference, prediction)
            return lambda weights: function(*pair, weights)

        metric = Metric(name, title, estimator, higher_is_better, position, most_items, standard, bounds)
        METRICS.add(name)(metric if together is None else replace(metric, together=_estimator_of_all(together)))
        return checked

    return register


def _estimator_of_all(
    function: Callable[[Array, Sequence[Array], Array], Array],
) -> Callable[[Array, Sequence[Array]], Callable[[Array], Array]]:
    def estimator(reference: Array, predictions: Sequence[Array]) -> Callable[[Array], Array]:
        checked = [checked_pair(reference, prediction)[1] for prediction in predictions]
        return lambda weights: function(checked_pair(reference, reference)[0], checked, weights)

    return estimator
