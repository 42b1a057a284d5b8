"""The weighted metrics of the bootstrap against metrics of items that really were drawn again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import InputError, UsageError
from labeldist.evaluation import bootstrap
from labeldist.evaluation.bootstrap import all_intervals, intervals, paired_difference, resample_weights, resampled
from labeldist.evaluation.metric import METRICS, Metric


def pair(n, k=3, seed=0):
    generator = np.random.default_rng(seed)
    r = generator.multinomial(100, generator.dirichlet(np.ones(k), size=n)) / 100
    return r, (r + generator.dirichlet(np.ones(k), size=n)) / 2


@pytest.mark.parametrize("name", METRICS.names())
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30), k=st.integers(2, 6))
def test_weights_give_the_metric_of_the_resampled_items(name, seed, n, k):
    metric = METRICS.get(name)
    r, p = pair(n, k, seed)
    drawn = np.random.default_rng(seed).integers(n, size=(4, n))
    weights = np.stack([np.bincount(row, minlength=n) for row in drawn]) / n
    found = metric.estimator(r, p)(weights)
    expected = [metric.value(r[row], p[row]) for row in drawn]
    np.testing.assert_allclose(found, expected, atol=1e-6, equal_nan=True)


def test_weights_are_whole_draws_and_do_not_depend_on_the_block_size(monkeypatch):
    whole = np.concatenate(list(resample_weights(7, 50, seed=3)))
    monkeypatch.setattr(bootstrap, "MOST_WEIGHTS", 20)
    blocks = list(resample_weights(7, 50, seed=3))
    assert len(blocks) == 25
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    np.testing.assert_array_equal(whole * 7, np.round(whole * 7))
    np.testing.assert_allclose(whole.sum(axis=1), 1)


def test_interval_of_a_mean_is_that_of_theory():
    r, p = pair(2000)
    metric = METRICS.get("tvd")
    values = np.abs(r - p).sum(axis=1) / 2
    found = intervals(metric, r, [p], resamples=4000)[0]
    half_width = 1.96 * values.std() / math.sqrt(2000)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half_width, abs=0.1 * half_width)
    assert found.high == pytest.approx(values.mean() + half_width, abs=0.1 * half_width)


@pytest.mark.parametrize("name", METRICS.names())
def test_seed_decides_the_interval(name):
    r, p = pair(40)
    metric = METRICS.get(name)
    first, again, other = (intervals(metric, r, [p], resamples=100, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert (first.low, first.high) != (other.low, other.high)
    assert first.low <= first.high


def test_all_predictions_see_the_same_draws():
    r, p = pair(30)
    alone = intervals(METRICS.get("dcorr"), r, [p], resamples=50)
    assert intervals(METRICS.get("dcorr"), r, [1 - r[:, ::-1], p, p], resamples=50)[1:] == alone * 2


def test_undefined_values_have_no_interval():
    r, _ = pair(30)
    found = intervals(METRICS.get("dcorr"), r, [np.full_like(r, 1 / 3)], resamples=50)[0]
    assert all(math.isnan(x) for x in (found.value, found.low, found.high))


def test_intervals_of_a_metric_that_resampling_biases_hold_what_other_sets_give():
    """Of 50 items that have nothing to do with each other: percentiles alone hold it in a third of the cases."""
    metric = METRICS.get("dcorr")
    rng = np.random.default_rng(5)
    sets = [(rng.dirichlet([1, 1, 1], 50), rng.dirichlet([1, 1, 1], 50)) for _ in range(60)]
    found = [intervals(metric, r, [p], resamples=200, seed=seed)[0] for seed, (r, p) in enumerate(sets)]
    assert all(one.low <= one.value <= one.high for one in found)
    usual = np.mean([metric.value(rng.dirichlet([1, 1, 1], 50), rng.dirichlet([1, 1, 1], 50)) for _ in range(200)])
    assert np.mean([one.low <= usual <= one.high for one in found]) > 0.85
    plain = [resampled(replace(metric, bounds=None), r, [p], 200, seed)[1][0] for seed, (r, p) in enumerate(sets)]
    assert np.mean([np.quantile(draws, 0.025) <= usual <= np.quantile(draws, 0.975) for draws in plain]) < 0.6


def test_undefined_resamples_do_not_count():
    r = np.array([[1.0, 0.0], [0.0, 1.0]])  # half of the resamples of two items are one item twice
    found = intervals(METRICS.get("dcorr"), r, [r], resamples=50)[0]
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(("n", "resamples"), [(1, 100), (20, 0)])
def test_no_interval_from_one_item_or_no_resamples(n, resamples):
    r, p = pair(n)
    found = intervals(METRICS.get("kl"), r, [p], resamples=resamples)[0]
    assert found.value > 0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_large_sets_are_thinned_and_the_result_says_so():
    r, p = pair(50)
    full = METRICS.get("dcorr")
    thinned = Metric(full.name, full.title, full.estimator, full.higher_is_better, full.position, most_items=20)
    found, same, other = (intervals(thinned, r, [p], resamples=10, seed=seed)[0] for seed in (0, 0, 1))
    assert found == same
    assert found.items == 20
    assert found.value != other.value
    assert intervals(full, r, [p], resamples=10)[0].items == 50


def test_paired_difference_is_narrower_than_its_parts():
    r, p = pair(200)
    worse = 0.95 * p + 0.05 / 3
    metric = METRICS.get("tvd")
    first, second = intervals(metric, r, [p, worse])
    found = paired_difference(metric, r, p, worse)
    assert found.value == pytest.approx(first.value - second.value)
    assert found.high - found.low < (first.high - first.low) / 2
    swapped = paired_difference(metric, r, worse, p)
    assert (swapped.value, swapped.low, swapped.high) == pytest.approx((-found.value, -found.high, -found.low))
    same = paired_difference(metric, r, p, p)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_bad_input():
    r, p = pair(5)
    with pytest.raises(UsageError, match="-1 bootstrap resamples"):
        intervals(METRICS.get("kl"), r, [p], resamples=-1)
    with pytest.raises(InputError):
        intervals(METRICS.get("kl"), r[:0], [p[:0]])
    with pytest.raises(InputError):
        paired_difference(METRICS.get("kl"), r, p, p[:4])
    assert intervals(METRICS.get("kl"), r, []) == []


def test_metrics_measured_together_are_those_measured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where items are gone through in parts, resamples in blocks, and some metrics see fewer items."""
    r, p = pair(500)
    thinned = replace(METRICS.get("dcorr"), most_items=100)
    metrics = [METRICS.get("kl"), thinned, METRICS.get("tvd"), METRICS.get("f1_macro")]
    alone = [intervals(metric, r, [p, r], resamples=30, seed=2) for metric in metrics]
    assert all_intervals(metrics, r, [p, r], resamples=30, seed=2) == alone
    monkeypatch.setattr(bootstrap, "PART", 64)
    monkeypatch.setattr(bootstrap, "MOST_WEIGHTS", 2500)
    parts = all_intervals(metrics, r, [p, r], resamples=30, seed=2)
    for whole, part in zip(alone, parts, strict=True):
        for one, other in zip(whole, part, strict=True):
            numbers = [(one.value, other.value), (one.low, other.low), (one.high, other.high)]
            assert all(other == pytest.approx(one, rel=1e-12, abs=1e-12) for one, other in numbers)


@pytest.mark.parametrize("items", [2, 300, 70_000])
def test_weights_count_the_draws_of_one_generator(items):
    generator = np.random.default_rng(5)
    for row in np.concatenate(list(resample_weights(items, 9, seed=5))):
        drawn = generator.integers(items, size=items)
        np.testing.assert_array_equal(row, np.bincount(drawn, minlength=items) / items)


def test_dcorr_of_several_predictions_is_that_of_each_to_the_last_bit():
    metric = METRICS.get("dcorr")
    r, p = pair(700)
    others = [p, np.full_like(r, 1 / 3), np.round(r), pair(700, seed=1)[1]]
    together = all_intervals([metric], r, others, resamples=20)[0]
    alone = [intervals(replace(metric, together=None), r, [one], resamples=20)[0] for one in others]
    assert repr(together) == repr(alone)
