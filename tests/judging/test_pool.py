"""Transforms and pooling against scipy and the formulas of the method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from labeldist.core.distribution import OptionScores
from labeldist.core.errors import ModelError, UsageError
from labeldist.judging.orders import Order, all_orders, balanced_orders
from labeldist.judging.pool import pool, pool_alike
from labeldist.judging.transform import read_transform

LABELS = ("a", "b", "c", "d")


def asked(count: int) -> tuple[Order, ...]:
    """Some of the 24 orders of four options."""
    return balanced_orders(0, 4, count)


def scores(logits: np.ndarray, *, raw: bool = True) -> list[OptionScores]:
    totals = np.log(np.exp(logits).sum(axis=1) + 1.0)
    return [OptionScores(LABELS, tuple(row), float(total), raw) for row, total in zip(logits, totals, strict=True)]


@settings(deadline=None)
@given(arrays(float, (7, 4), elements=st.floats(0.1, 30)), st.sampled_from([0.5, 1.0, 20.0]))
def test_softmax_then_mean_and_spread(logits: np.ndarray, temperature: float) -> None:
    pooled = pool(scores(logits), read_transform(f"softmax:{temperature}"), asked(7))
    each = softmax(logits / temperature, axis=1)
    np.testing.assert_allclose(pooled.distribution.probabilities, each.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(pooled.spread, each.std(axis=0, ddof=1), atol=1e-12)
    mass = (np.exp(logits).sum(axis=1) / (np.exp(logits).sum(axis=1) + 1)).mean()
    assert pooled.answer_mass == pytest.approx(mass)
    assert pooled.orders == 7


@settings(deadline=None)
@given(arrays(float, (24, 4), elements=st.floats(0.1, 30)), st.permutations(range(24)))
def test_all_orders_give_one_mjd_in_whatever_order_they_come(logits: np.ndarray, order: list[int]) -> None:
    every, transform = all_orders(0, 4), read_transform("softmax:2")
    whole = pool(scores(logits), transform, every)
    shuffled = pool(scores(logits[order]), transform, [every[at] for at in order])
    assert shuffled.distribution == whole.distribution  # to the last digit
    assert shuffled.standard_error == whole.standard_error == (0.0,) * 4
    np.testing.assert_allclose(shuffled.spread, whole.spread, atol=1e-12)


@settings(deadline=None)
@given(arrays(float, (5, 4), elements=st.floats(0.1, 30)))
def test_norm_is_logit_over_sum_of_logits(logits: np.ndarray) -> None:
    pooled = pool(scores(logits), read_transform("norm"), asked(5))
    expected = (logits / logits.sum(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(pooled.distribution.probabilities, expected, atol=1e-12)


def test_transforming_first_differs_from_averaging_first() -> None:
    logits = np.array([[10.0, 0, 0, 0], [0, 1.0, 0, 0]])
    pooled = pool(scores(logits), read_transform("softmax:1"), asked(2))
    assert not np.allclose(pooled.distribution.probabilities, softmax(logits.mean(axis=0)))


def test_norm_refuses_log_probabilities_and_negative_logits() -> None:
    with pytest.raises(UsageError, match="raw logits"):
        pool(scores(np.ones((2, 4)), raw=False), read_transform("norm"), asked(2))
    with pytest.raises(ModelError, match=r"-1\.000"):
        pool(scores(np.array([[-1.0, 1, 1, 1]])), read_transform("norm"), asked(1))


def test_one_order_has_no_standard_error() -> None:
    pooled = pool(scores(np.ones((1, 4))), read_transform("softmax:1"), asked(1))
    assert all(map(math.isnan, (*pooled.standard_error, *pooled.spread)))


@pytest.mark.parametrize("spec", ["softmax:0", "softmax:-1", "softmax:nan", "softmax:x", "norm:3", "sofmax:20"])
def test_bad_transforms_are_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        read_transform(spec)


def test_bounds_of_every_option_alone_are_no_distribution() -> None:
    known = OptionScores(LABELS, (-1.0, -2.0, -3.0, -4.0), 0.0, raw=False, unlisted=3)
    nothing = OptionScores(LABELS, (-4.0,) * 4, 0.0, raw=False, unlisted=4)
    transform = read_transform("softmax:1")
    assert pool([known, nothing], transform, asked(2)).unlisted == pytest.approx(7 / 8)
    with pytest.raises(ModelError, match="no option is among the tokens"):
        pool([nothing, nothing], transform, asked(2))


def test_items_that_are_pooled_together_are_pooled_as_each_alone() -> None:
    """Bit for bit."""
    chance, transform = np.random.default_rng(0), read_transform("softmax:2")
    answers = [scores(chance.uniform(0, 30, (12, 4))) for _ in range(9)]
    assert pool_alike(answers, transform, asked(12)) == [pool(one, transform, asked(12)) for one in answers]
