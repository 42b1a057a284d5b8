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
from labeldist.estimation.likelihood import LeaveOneOut, Marginal
from labeldist.estimation.observations import blocks
from labeldist.estimation.opinion import log_opinion, pooled, softmax

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
    """Counts, some items without any and one with many; opinions with the hidden label as third axis."""
    generator = np.random.default_rng(5)
    counts = generator.integers(0, most, (items, labels)).astype(float)
    counts[0] = 0
    counts[1] = [100, 70, 0]
    held = log_opinion(generator.dirichlet(np.ones(labels), (items, models, labels)), 0.03)
    return counts, held


def hidden(held: Any) -> Any:
    """What is said of items when a label is hidden, from all of it (N, M, K, K)."""
    return lambda item, label: held[item, :, label]


def near(gradient: Any, numerical: Any) -> None:
    np.testing.assert_allclose(gradient, numerical, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_marginal_against_scipy(parameters: list[float]) -> None:
    counts, held = data()
    opinions = held[:, :, 0]
    at = np.array(parameters)
    whole = Marginal(counts, opinions)
    value, gradient, _ = whole.value_and_gradient(at)
    prior = pooled(at[:3], at[3:5], opinions)
    expected = 0.0
    for chosen, mean in zip(counts, prior, strict=True):
        total = int(chosen.sum())
        expected += dirichlet_multinomial(np.exp(at[-1]) * mean, total).logpmf(chosen.astype(int))
        expected -= gammaln(total + 1) - gammaln(chosen + 1).sum()
    assert value == pytest.approx(expected, rel=1e-9)
    near(gradient, approx_fprime(at, lambda x: whole.value_and_gradient(x)[0], 1e-6))


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_leave_one_out_against_a_plain_loop(parameters: list[float]) -> None:
    counts, held = data()
    at = np.array(parameters)
    k = np.exp(at[-1])
    whole = LeaveOneOut.of(counts, hidden(held))
    value, gradient, _ = whole.value_and_gradient(at)
    expected = 0.0
    for item, chosen in enumerate(counts):
        for label in range(3):
            for _ in range(int(chosen[label])):  # each annotator in turn is hidden
                others = chosen.copy()
                others[label] -= 1
                prior = softmax(at[:3] + at[3] * held[item, 0, label] + at[4] * held[item, 1, label])
                expected += np.log((k * prior[label] + others[label]) / (k + others.sum()))
    assert value == pytest.approx(expected, rel=1e-9)
    near(gradient, approx_fprime(at, lambda x: whole.value_and_gradient(x)[0], 1e-6))


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_outer_products_are_those_of_single_gradients(parameters: list[float]) -> None:
    counts, held = data()
    at = np.array(parameters)
    whole = Marginal(counts, held[:, :, 0])
    value, gradient, outer = whole.value_and_gradient(at, each=True)
    single = [Marginal(counts[[n]], held[[n], :, 0]) for n in range(len(counts))]
    slopes = np.array([approx_fprime(at, lambda x, one=one: one.value_and_gradient(x)[0], 1e-6) for one in single])
    near(gradient, slopes.sum(axis=0))
    np.testing.assert_allclose(outer, slopes.T @ slopes, rtol=1e-3, atol=1e-2)
    assert value == pytest.approx(whole.value_and_gradient(at)[0])


def test_outer_products_of_leave_one_out() -> None:
    counts, held = data(items=6, most=2)  # at most one annotator per label, so a row is an annotator
    counts[1] = [0, 1, 1]
    at = np.array(PARAMETERS["ordinary"])
    whole = LeaveOneOut.of(counts, hidden(held))
    _, gradient, outer = whole.value_and_gradient(at, each=True)
    slopes = []
    for row in range(len(whole.label)):
        one = LeaveOneOut(*(getattr(whole, name)[[row]] for name in ("label", "times", "others", "rest", "opinions")))
        slopes.append(approx_fprime(at, lambda x, one=one: one.value_and_gradient(x)[0], 1e-6))
    near(gradient, np.sum(slopes, axis=0))
    np.testing.assert_allclose(outer, np.array(slopes).T @ np.array(slopes), rtol=1e-3, atol=1e-3)


def test_no_evidence_and_no_labels() -> None:
    nothing = Marginal(np.zeros((3, 2)), np.empty((3, 0, 2)))
    value, gradient, _ = nothing.value_and_gradient(np.array([0.1, 0.2, 1.0]))
    assert value == 0
    assert not gradient.any()
    none = LeaveOneOut.of(np.zeros((3, 2)), hidden(np.empty((3, 0, 2, 2))))
    assert none.value_and_gradient(np.array([0.1, 0.2, 1.0]))[0] == 0


def test_a_rise_by_steps_is_a_rise_by_gamma_functions() -> None:
    base = np.array([0.01, 2.5, 40.0])
    for count in (0.0, 1.0, 64.0, 65.0, 300.0):
        counts = np.full(3, count)
        total, slope = rise(base, Rises.of(counts))
        assert total == pytest.approx((gammaln(base + counts) - gammaln(base)).sum(), rel=1e-12)
        numerical = approx_fprime(base, lambda x, counts=counts: (gammaln(x + counts) - gammaln(x)).sum(), 1e-8)
        np.testing.assert_allclose(slope, numerical, rtol=1e-4, atol=1e-4)
