"""The softmax regression: gradients against differences, fits against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.sparse import csr_array

from labeldist.estimation.texts import regression
from labeldist.estimation.texts.regression import compact, fit, value_and_gradient


def some(labels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (60, 5), and counts that depend on them."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(60, 5))
    scores = features @ rng.normal(size=(5, labels))
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return features, np.array([rng.multinomial(rng.integers(0, 5), share) for share in shares], dtype=np.float64)


@pytest.mark.parametrize("labels", [2, 3, 8])
@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_the_gradient_is_that_of_the_loss(labels: int, form: type) -> None:
    features, counts = some(labels)
    parameters = np.random.default_rng(1).normal(size=labels * 6)
    given = form(features)

    def value(at: np.ndarray) -> float:
        return value_and_gradient(at, given, given.T, counts, 0.7)[0]

    found = value_and_gradient(parameters, given, given.T, counts, 0.7)[1]
    np.testing.assert_allclose(found, approx_fprime(parameters, value, 1e-6), atol=1e-5)


@pytest.mark.parametrize("labels", [2, 3, 8])
@pytest.mark.parametrize("ridge", [0.1, 5.0])
def test_scikit_learn_finds_the_same(labels: int, ridge: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item with several labels is, there, several rows with a weight each."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    monkeypatch.setattr(regression, "ENOUGH", 1e-12)
    features, counts = some(labels)
    rows, answers = np.nonzero(counts)
    # Of two labels it has one vector of weights, which is the difference of ours: half the penalty.
    oracle = linear_model.LogisticRegression(C=(2 if labels == 2 else 1) / ridge, tol=1e-10, max_iter=10_000)
    oracle.fit(features[rows], answers, sample_weight=counts[rows, answers])
    for form in (features, csr_array(features)):
        found = fit(form, counts, ridge).predict(form)
        np.testing.assert_allclose(found, oracle.predict_proba(features), atol=2e-4)


def test_fits_stop_close_to_where_they_would_end(monkeypatch: pytest.MonkeyPatch) -> None:
    features, counts = some(3)
    early = fit(features, counts, 1.0).predict(features)
    monkeypatch.setattr(regression, "ENOUGH", 1e-12)
    assert np.abs(early - fit(features, counts, 1.0).predict(features)).max() < 0.05


@pytest.mark.parametrize("columns", [3, 200])
def test_compact_features_give_the_same_fit(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "ENOUGH", 1e-12)
    rng = np.random.default_rng(3)
    wide = rng.normal(size=(40, columns)).astype(np.float32)
    wide[1] = wide[0]  # the same text twice
    wide[2] = 0.0  # no text
    counts = rng.multinomial(3, [0.5, 0.3, 0.2], size=40).astype(np.float64)
    small = compact(csr_array(wide))
    assert small.shape == (40, min(columns, 40))
    known = fit(small[:30], counts[:30], 2.0).predict(small)
    np.testing.assert_allclose(known, fit(wide[:30], counts[:30], 2.0).predict(wide), atol=2e-3)


def test_no_features_leave_the_base_rate() -> None:
    counts = np.array([[6.0, 2.0], [3.0, 1.0]])
    found = fit(np.zeros((2, 1), dtype=np.float32), counts, 1.0).predict(np.zeros((2, 1), dtype=np.float32))
    np.testing.assert_allclose(found, [[0.75, 0.25]] * 2, atol=0.01)
