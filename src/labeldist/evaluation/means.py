"""Means over items, and differences of means, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from labeldist.core.errors import UsageError
from labeldist.evaluation.bootstrap import RESAMPLES, interval, resample_weights
from labeldist.evaluation.evaluation import Interval


def mean_interval(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of one number per item (N,) with its percentile 95% interval over ``resamples`` draws of the items.

    Items whose number is NaN, undefined, do not count; ``items`` of the result says how many did. NaN where none did.
    Raises :class:`UsageError` for negative ``resamples``.

    >>> mean_interval([1, 2, float("nan")], resamples=0)
    Interval(value=1.5, low=nan, high=nan, items=2)
    """
    if resamples < 0:
        raise UsageError(f"{resamples} bootstrap resamples", hint="use 0 for no intervals, or about 1000")
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    blocks = resample_weights(numbers.size, resamples, seed) if numbers.size > 1 else iter(())
    draws = [weights @ numbers for weights in blocks]
    return interval(float(numbers.mean()), np.concatenate(draws) if draws else np.empty(0), numbers.size)


def mean_difference(
    one: Mapping[str, float], other: Mapping[str, float], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The mean of ``one`` minus that of ``other``, {item id: number}, over the items in which both are defined.

    >>> mean_difference({"a": 3, "b": 5}, {"a": 1, "c": 9}, resamples=0).value
    2.0
    """
    both = [one[id_] - other[id_] for id_ in one if id_ in other]
    return mean_interval(both, resamples=resamples, seed=seed)
