"""Likelihoods and their gradients against scipy, a plain loop and numerical differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import gammaln
from scipy.stats import dirichlet_multinomial

from labeldist.estimation import likelihood
from labeldist.estimation.counts import Rises, rise
from labeldist.estimation.likelihood import Marginal
from labeldist.estimation.log_pool import log_pool, pooled
from labeldist.estimation.observations import blocks

PARAMETERS = {
    "ordinary": [0.3, -0.1, 0.2, 0.7, 0.2, 1.0],
    "hardly any concentration": [0.0, 0.5, -0.5, 1.0, 0.0, -6.0],
    "concentrated": [0.3, -0.1, 0.2, -0.3, 1.4, 7.0],
}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every test needs several."""
    monkeypatch.setattr(likelihood, "blocks", lambda items: blocks(items, 4))


def data(items: int = 11, labels: int = 3, models: int = 2, most: int = 6) -> tuple[Any, Any]:
    """Counts, some items without any and one with many; opinions."""
    generator = np.random.default_rng(5)
    counts = generator.integers(0, most, (items, labels)).astype(float)
    counts[0] = 0
    counts[1] = [100, 70, 0]
    return counts, log_pool(generator.dirichlet(np.ones(labels), (items, models)), 0.03)


def near(gradient: Any, numerical: Any) -> None:
    np.testing.assert_allclose(gradient, numerical, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_marginal_against_scipy(parameters: list[float]) -> None:
    counts, opinions = data()
    at = np.array(parameters)
    whole = Marginal(counts, opinions)
    value, gradient = whole.value_and_gradient(at)
    prior = pooled(at[:3], at[3:5], opinions)
    expected = 0.0
    for chosen, mean in zip(counts, prior, strict=True):
        total = int(chosen.sum())
        if total == 0:  # says nothing; scipy before 1.16 refuses it
            continue
        expected += dirichlet_multinomial(np.exp(at[-1]) * mean, total).logpmf(chosen.astype(int))
        expected -= gammaln(total + 1) - gammaln(chosen + 1).sum()
    assert value == pytest.approx(expected, rel=1e-9)
    near(gradient, approx_fprime(at, lambda x: whole.value_and_gradient(x)[0], 1e-6))


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_gradients_of_items_are_those_of_items_alone(parameters: list[float]) -> None:
    counts, opinions = data()
    at = np.array(parameters)
    whole = Marginal(counts, opinions)
    found = np.concatenate(list(whole.gradients(at)))
    single = [Marginal(counts[[n]], opinions[[n]]) for n in range(len(counts))]
    near(found, [approx_fprime(at, lambda x, one=one: one.value_and_gradient(x)[0], 1e-6) for one in single])
    np.testing.assert_allclose(found.sum(axis=0), whole.value_and_gradient(at)[1], rtol=1e-9, atol=1e-9)


def test_no_evidence_and_no_labels() -> None:
    nothing = Marginal(np.zeros((3, 2)), np.empty((3, 0, 2)))
    value, gradient = nothing.value_and_gradient(np.array([0.1, 0.2, 1.0]))
    assert value == 0
    assert not gradient.any()


def test_a_rise_by_steps_is_a_rise_by_gamma_functions() -> None:
    base = np.array([0.01, 2.5, 40.0])
    for count in (0.0, 1.0, 64.0, 65.0, 300.0):
        counts = np.full(3, count)
        total, slope = rise(base, Rises.of(counts))
        assert total == pytest.approx((gammaln(base + counts) - gammaln(base)).sum(), rel=1e-12)
        numerical = approx_fprime(base, lambda x, counts=counts: (gammaln(x + counts) - gammaln(x)).sum(), 1e-8)
        np.testing.assert_allclose(slope, numerical, rtol=1e-4, atol=1e-4)
