"""Means over items and their differences, against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labeldist.core.errors import UsageError
from labeldist.evaluation.means import mean_difference, mean_interval


def test_the_interval_of_a_mean_is_that_of_resamples() -> None:
    values = np.random.default_rng(1).normal(size=25)
    found = mean_interval([*values, math.nan], resamples=300, seed=7)
    draws = [values[places].mean() for places in np.random.default_rng(7).integers(25, size=(300, 25))]
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
    assert found.items == 25


def test_a_difference_is_over_the_items_of_both() -> None:
    one = {"a": 1.0, "b": 4.0, "c": 2.0, "only": 100.0}
    other = {"c": 1.0, "b": 1.0, "a": 0.5, "x": -100.0}
    found = mean_difference(one, other, resamples=50)
    assert found.value == pytest.approx((0.5 + 3 + 1) / 3)
    assert found.items == 3
    assert 0.5 <= found.low <= found.high <= 3


def test_nothing_and_a_single_item_have_no_interval() -> None:
    nothing = mean_interval([math.nan])
    assert math.isnan(nothing.value)
    assert nothing.items == 0
    single = mean_interval([2.0])
    assert single.value == 2
    assert math.isnan(single.low)
    assert mean_difference({"a": 1.0}, {"b": 1.0}).items == 0
    with pytest.raises(UsageError, match="-3 bootstrap resamples"):
        mean_interval([1.0, 2.0], resamples=-3)
