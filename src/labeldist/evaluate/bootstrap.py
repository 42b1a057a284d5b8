"""Bootstrap over items: how much a metric would move had other items of the same kind been annotated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from labeldist.core.errors import UsageError
from labeldist.evaluate.evaluation import Interval
from labeldist.evaluate.metric import Array, Metric, checked_pair

RESAMPLES = 1000
MOST_WEIGHTS = 16_000_000


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

    >>> from labeldist.evaluate.metric import METRICS
    >>> intervals(METRICS.get("tvd"), [[1, 0], [0, 1]], [[[0.5, 0.5], [0.5, 0.5]]])
    [Interval(value=0.5, low=0.5, high=0.5, items=2)]
    """
    values, draws, items = resampled(metric, reference, predictions, resamples, seed)
    return [interval(value, draw, items) for value, draw in zip(values, draws, strict=True)]


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

    >>> from labeldist.evaluate.metric import METRICS
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
    for start in range(0, resamples, step):
        b = min(step, resamples - start)
        drawn = generator.integers(items, size=(b, items)) + items * np.arange(b)[:, None]
        yield np.bincount(drawn.ravel(), minlength=b * items).reshape(b, items) / items


def resampled(
    metric: Metric, reference: ArrayLike, predictions: Sequence[ArrayLike], resamples: int, seed: int
) -> tuple[list[float], Array, int]:
    """Per prediction the metric's value and its value in each resample (M, B); and the number of items used.

    All predictions see the same resamples, which depend on the number of items and ``seed`` alone. Those of a metric
    that is biased where items are drawn twice are less that bias.
    """
    if resamples < 0:
        raise UsageError(f"{resamples} bootstrap resamples", hint="use 0 for no intervals, or about 1000")
    pairs = [checked_pair(reference, prediction) for prediction in predictions]
    items = len(pairs[0][0]) if pairs else 0
    if metric.most_items is not None and items > metric.most_items:
        chosen = np.sort(np.random.default_rng(seed).choice(items, metric.most_items, replace=False))
        pairs = [(references[chosen], rows[chosen]) for references, rows in pairs]
        items = metric.most_items
    values = [metric.value(*pair) for pair in pairs]
    estimators = [metric.estimator(*pair) for pair in pairs]
    # One item resampled is always itself: an interval of no width would be a lie.
    blocks = resample_weights(items, resamples, seed) if items > 1 else []
    found = [np.stack([estimator(weights) for estimator in estimators]) for weights in blocks]
    draws = np.concatenate(found, axis=1) if found else np.empty((len(pairs), 0))
    return values, draws if metric.bounds is None else _centred(draws, values, *metric.bounds), items


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
