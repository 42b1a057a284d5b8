"""Intervals and expected errors of a Dirichlet against scipy and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import beta

from labeldist.estimation.posterior import GRID, expected_kl, expected_tvd, intervals, posterior

ALPHAS = {
    "few annotators": [2.5, 0.5, 1.0],
    "a label that nobody expects": [3.0, 1.0, 1e-3],
    "one clear label": [80.0, 1.0, 0.2],
    "many annotators": [400.0, 300.0, 300.0],
    "two labels": [1.0, 4.0],
    "ten labels": [0.3 * n for n in range(1, 11)],
}
SIZES = np.exp(np.linspace(np.log(0.01), np.log(2e5), 40))


@pytest.mark.parametrize("alpha", ALPHAS.values(), ids=ALPHAS.keys())
def test_expected_errors_against_draws(alpha: list[float]) -> None:
    parameters = np.array([alpha])
    mean = parameters[0] / parameters.sum()
    drawn = np.random.default_rng(0).dirichlet(parameters[0], 400_000)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(drawn > 0, drawn * np.log(drawn / mean), 0.0).sum(axis=1)
    assert expected_kl(parameters)[0] == pytest.approx(each.mean(), abs=4 * each.std() / 600)
    distance = np.abs(drawn - mean).sum(axis=1) / 2
    assert expected_tvd(parameters)[0] == pytest.approx(distance.mean(), abs=4 * distance.std() / 600)


@pytest.mark.parametrize("mass", [0.5, 0.9, 0.99])
def test_intervals_have_their_chance(mass: float) -> None:
    a, b = (grid.ravel() for grid in np.meshgrid(SIZES, SIZES))
    low, high = intervals(a, b, mass)
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    held = beta.cdf(high, a, b) - beta.cdf(low, a, b)
    plain = b > 0.2  # below it an end can be so close to 1 that no number lies between
    np.testing.assert_allclose(held[plain], mass, atol=1e-6)


def test_intervals_are_the_shortest() -> None:
    generator = np.random.default_rng(3)
    a, b = np.exp(generator.uniform(np.log(0.2), np.log(3e4), (2, 150)))
    proper = np.maximum(a, b) > 1  # else the density is highest at both ends, and no interval is the shortest
    a, b = a[proper], b[proper]
    low, high = intervals(a, b, 0.9)
    for one, other, width in zip(a, b, high - low, strict=True):
        best = minimize_scalar(
            lambda below, one=one, other=other: beta.ppf(below + 0.9, one, other) - beta.ppf(below, one, other),
            bounds=(0, 0.1),
            method="bounded",
            options={"xatol": 1e-7},
        )
        assert width <= best.fun * 1.015, (one, other)


def test_intervals_begin_or_end_where_the_density_is_highest() -> None:
    low, high = intervals(np.array([0.5, 1.0, 5.0, 5.0, 0.5]), np.array([5.0, 5.0, 0.5, 1.0, 0.9]), 0.9)
    assert low[:2].tolist() == [0, 0]
    assert high[2:4].tolist() == [1, 1]
    assert low[4] == 0


def test_intervals_mirror() -> None:
    a, b = np.random.default_rng(0).uniform(0.1, 50, (2, 200))
    a[:40] = 0.7
    low, high = intervals(a, b, 0.9)
    other_low, other_high = intervals(b, a, 0.9)
    np.testing.assert_allclose(low, 1 - other_high, atol=2e-3)
    np.testing.assert_allclose(high, 1 - other_low, atol=2e-3)


def test_intervals_do_not_jump_at_the_edges_of_the_table() -> None:
    for edge in (GRID[0], GRID[5], GRID[-1]):
        around = edge * np.array([1 - 1e-7, 1 + 1e-7])
        low, high = intervals(around, np.full(2, 30.0), 0.9)
        assert abs(low[0] - low[1]) < 1e-5
        assert abs(high[0] - high[1]) < 1e-5


def test_a_posterior_has_the_shape_of_its_parameters() -> None:
    known = posterior(np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 5.0]]), mass=0.5)
    assert known.mean.tolist()[0] == [0.5, 0.25, 0.25]
    assert known.concentration.round(6).tolist() == [4, 5]
    assert known.mass == 0.5
    wide = posterior(np.array([[2.0, 1.0, 1.0]]), mass=0.99)
    assert (wide.high - wide.low > (known.high - known.low)[:1]).all()
    assert np.isfinite(known.expected_kl).all()


def test_more_annotators_make_errors_smaller() -> None:
    alphas = np.outer([1.0, 10.0, 100.0, 10_000.0], [0.5, 0.3, 0.2])
    for errors in (expected_kl(alphas), expected_tvd(alphas)):
        assert (np.diff(errors) < 0).all()
    # For many annotators KL is about (K - 1) / (2 alpha).
    assert expected_kl(alphas)[-1] == pytest.approx(2 / 2 / 10_000, rel=0.01)
