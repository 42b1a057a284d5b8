"""Rank correlation: against scipy, against regression written out, and the bootstrap against a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from labeldist.core.errors import InputError, UsageError
from labeldist.evaluation.correlation import item_draws, spearman, spearman_interval

CHANCE = np.random.default_rng(12)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=12))
def test_spearman_is_that_of_scipy_ties_included(pairs: list[tuple[int, int]]) -> None:
    one, other = map(list, zip(*pairs, strict=True))
    found = spearman(one, other).item()
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    rows = CHANCE.integers(0, 5, size=(3, 7, 20))
    found = spearman(rows[0], rows[1], [rows[2]])
    assert found.shape == (7,)
    for place in range(7):
        assert found[place] == pytest.approx(spearman(rows[0, place], rows[1, place], [rows[2, place]]).item())


def test_the_partial_correlation_is_that_of_what_regression_on_ranks_leaves() -> None:
    confounders = CHANCE.normal(size=(2, 60))
    one = confounders[0] + CHANCE.normal(size=60)
    other = confounders[0] - confounders[1] + CHANCE.normal(size=60)
    design = np.stack([np.ones(60), rankdata(confounders[0]), rankdata(confounders[1])], axis=1)
    left = [rankdata(row) - design @ np.linalg.lstsq(design, rankdata(row))[0] for row in (one, other)]
    wanted = np.corrcoef(left[0], left[1])[0, 1]
    assert spearman(one, other, list(confounders)).item() == pytest.approx(wanted, abs=1e-10)
    # Something that does not vary, or stands there twice, takes nothing more away.
    again = [*confounders, confounders[1], np.full(60, 3.0)]
    assert spearman(one, other, again).item() == pytest.approx(wanted, abs=1e-8)


def test_what_is_held_constant_entirely_leaves_nothing() -> None:
    one = np.arange(10.0)
    assert math.isnan(spearman(one, CHANCE.normal(size=10), [one]).item())


def test_the_interval_is_that_of_resamples_ranked_anew() -> None:
    one, other, third = CHANCE.normal(size=(3, 30))
    other = other + one
    found, draws = spearman_interval(one, other, resamples=200, seed=5)
    wanted = []
    generator = np.random.default_rng(5)
    for places in generator.integers(30, size=(200, 30)):
        wanted.append(spearmanr(one[places], other[places]).statistic)
    np.testing.assert_allclose(draws, wanted)
    assert found.value == pytest.approx(spearmanr(one, other).statistic)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(wanted, [0.025, 0.975])))
    assert found.items == 30
    partial, _ = spearman_interval(one, other, [third], resamples=50, seed=5)
    assert partial.low < partial.value < partial.high


def test_the_draws_are_those_of_the_other_bootstraps() -> None:
    from labeldist.evaluation.bootstrap import resample_weights

    weights = np.concatenate(list(resample_weights(9, 40, 3)))
    for row, places in zip(weights, item_draws(9, 40, 3), strict=True):
        np.testing.assert_allclose(row, np.bincount(places, minlength=9) / 9)


def test_items_without_a_number_do_not_count() -> None:
    nan = math.nan
    found, draws = spearman_interval([1, nan, 3, 4, 2], [1, 2, nan, 4, 2], [[1, 1, 1, 1, 2]], resamples=10)
    assert found.items == 3
    few, none = spearman_interval([1, nan, 3], [1, 2, 3], resamples=10)
    assert math.isnan(few.value)
    assert few.items == 2
    assert np.isnan(none).all()
    assert len(draws) == len(none) == 10


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="quantities of 2, 3 items"):
        spearman_interval([1, 2], [1, 2, 3])
    with pytest.raises(UsageError, match="-1 bootstrap resamples"):
        spearman_interval([1, 2, 3], [1, 2, 3], resamples=-1)
