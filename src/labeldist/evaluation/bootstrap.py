"""Bootstrap over items: how much a metric would move had other items of the same kind been annotated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeldist.core.errors import UsageError
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array, Mean, Metric, checked_pair

Estimator = Callable[[Array], Array]

RESAMPLES = 1000
MOST_WEIGHTS = 8_000_000  # in memory at a time, and never less than one resample
PART = 1 << 16  # items of a resample that the processor's caches hold, and draws that are counted at a time


def intervals(
    metric: Metric,
    reference: ArrayLike,
    predictions: Sequence[ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Interval]:
    """The metric of each prediction (N, K) with its percentile 95% interval over ``resamples`` draws of N items.

    All predictions see the same draws. Resamples in which the metric is undefined do not count for the bounds.
    With more items than ``metric.most_items`` both value and bounds come from that many items, drawn with
    ``seed``; the result's ``items`` says so. Raises :class:`InputError` for empty input.

    >>> from labeldist.evaluation.metric import METRICS
    >>> intervals(METRICS.get("tvd"), [[1, 0], [0, 1]], [[[0.5, 0.5], [0.5, 0.5]]])
    [Interval(value=0.5, low=0.5, high=0.5, items=2)]
    """
    return all_intervals([metric], reference, predictions, resamples=resamples, seed=seed)[0]


def all_intervals(
    metrics: Sequence[Metric],
    reference: ArrayLike,
    predictions: Sequence[ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[list[Interval]]:
    """As :func:`intervals`, for each of several metrics: of many items drawing is most of the work, and done once."""
    return [
        [interval(value, draw, items) for value, draw in zip(values, draws, strict=True)]
        for values, draws, items in _resampled(metrics, reference, predictions, resamples, seed)
    ]


def paired_difference(
    metric: Metric,
    reference: ArrayLike,
    prediction: ArrayLike,
    other: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The metric of ``prediction`` minus that of ``other``, with the interval of the difference (same draws).

    An interval without 0 says that the two differ, even where their own intervals overlap.

    >>> from labeldist.evaluation.metric import METRICS
    >>> tvd = METRICS.get("tvd")
    >>> paired_difference(tvd, [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]).value
    -0.5
    """
    values, draws, items = resampled(metric, reference, [prediction, other], resamples, seed)
    return interval(values[0] - values[1], draws[0] - draws[1], items)


def resample_weights(items: int, resamples: int, seed: int) -> Iterator[Array]:
    """Weights (B, items) of that many resamples, in blocks: how often each item was drawn, divided by ``items``."""
    generator = np.random.default_rng(seed)
    step = max(1, MOST_WEIGHTS // items)
    part = max(1, PART // items)
    small = np.int32 if items <= np.iinfo(np.int32).max else np.int64  # both draw the same numbers
    for start in range(0, resamples, step):
        weights = np.empty((min(step, resamples - start), items))
        for first in range(0, len(weights), part):
            rows = weights[first : first + part]
            beginnings: NDArray[Any] = np.arange(0, rows.size, items, dtype=small)
            drawn = generator.integers(items, size=rows.shape, dtype=small) + beginnings[:, None]
            # A byte each stays in the caches: no item comes up 256 times, which has a chance below 1e-500.
            times = np.zeros(rows.size, dtype=np.uint8)
            np.add.at(times, drawn.ravel(), np.uint8(1))
            np.divide(times.reshape(rows.shape), items, out=rows, dtype=np.float64)
        yield weights


def resampled(
    metric: Metric, reference: ArrayLike, predictions: Sequence[ArrayLike], resamples: int, seed: int
) -> tuple[list[float], Array, int]:
    """Per prediction the metric's value and its value in each resample (M, B); and the number of items used.

    All predictions see the same resamples, which depend on the number of items and ``seed`` alone. Those of a metric
    that is biased where items are drawn twice are less that bias.
    """
    return _resampled([metric], reference, predictions, resamples, seed)[0]


def _resampled(
    metrics: Sequence[Metric], reference: ArrayLike, predictions: Sequence[ArrayLike], resamples: int, seed: int
) -> list[tuple[list[float], Array, int]]:
    """As :func:`resampled`, for each metric."""
    if resamples < 0:
        raise UsageError(f"{resamples} bootstrap resamples", hint="use 0 for no intervals, or about 1000")
    pairs = [checked_pair(reference, prediction) for prediction in predictions]
    items = len(pairs[0][0]) if pairs else 0
    sizes = [items if one.most_items is None else min(items, one.most_items) for one in metrics]
    found: dict[int, tuple[list[float], Array, int]] = {}
    for size in dict.fromkeys(sizes):
        places = [place for place, of in enumerate(sizes) if of == size]
        some = pairs
        if size < items:
            chosen = np.sort(np.random.default_rng(seed).choice(items, size, replace=False))
            some = [(references[chosen], rows[chosen]) for references, rows in pairs]
        estimators = [_estimators(metrics[place], some) for place in places]
        draws = _draws(estimators, len(some), size, resamples, seed)
        everything = np.full((1, size), 1 / size) if size else np.empty((1, 0))
        for place, of_metric, draw in zip(places, estimators, draws, strict=True):
            metric = metrics[place]
            values = [float(value) for one in of_metric for value in np.atleast_2d(one(everything))[:, 0]]
            centred = draw if metric.bounds is None else _centred(draw, values, *metric.bounds)
            found[place] = (values, centred, size)
    return [found[place] for place in range(len(metrics))]


def _estimators(metric: Metric, pairs: Sequence[tuple[Array, Array]]) -> list[Estimator]:
    """One for each prediction, in order, or one for all, whose rows are theirs."""
    if metric.together is None or not pairs:
        return [metric.estimator(*pair) for pair in pairs]
    return [metric.together(pairs[0][0], [prediction for _, prediction in pairs])]


def _draws(
    estimators: Sequence[Sequence[Estimator]], predictions: int, items: int, resamples: int, seed: int
) -> list[Array]:
    """For each metric what the estimators of the predictions give in each resample (M, B)."""
    # One item resampled is always itself: an interval of no width would be a lie.
    if items < 2:
        return [np.empty((predictions, 0)) for _ in estimators]
    draws = [np.empty((predictions, resamples)) for _ in estimators]
    done = 0
    for weights in resample_weights(items, resamples, seed):
        now = slice(done, done + len(weights))
        done = now.stop
        means: list[tuple[Array, Mean]] = []
        for of_metric, draw in zip(estimators, draws, strict=True):
            first = 0
            for estimator in of_metric:
                if isinstance(estimator, Mean):
                    draw[first, now] = 0.0
                    means.append((draw[first, now], estimator))
                    first += 1
                else:
                    made = np.atleast_2d(estimator(weights))
                    draw[first : first + len(made), now] = made
                    first += len(made)
        # Part by part, all means of it: weights that have left the caches come back slowly.
        for start in range(0, items, PART):
            part = slice(start, start + PART)
            for sums, mean in means:
                sums += weights[:, part] @ mean.values[part]
    return draws


def _centred(draws: Array, values: Sequence[float], low: float, high: float) -> Array:
    """Draws (M, B) about the M values instead of their own means, within ``low`` and ``high``; NaN stays."""
    defined = ~np.isnan(draws)
    means = np.where(defined, draws, 0.0).sum(axis=1) / np.maximum(defined.sum(axis=1), 1)
    centred: Array = np.clip(draws + (np.array(values) - means)[:, None], low, high)
    return centred


def interval(value: float, draws: Array, items: int) -> Interval:
    """``value`` with the percentile 95% interval of its values in the resamples ``draws`` (B,); NaN does not count."""
    defined = draws[~np.isnan(draws)]
    if math.isnan(value) or not defined.size:
        return Interval(value, math.nan, math.nan, items)
    low, high = np.quantile(defined, [0.025, 0.975])
    return Interval(value, float(low), float(high), items)
