"""Softmax regression of label counts on features, with a ridge penalty; features are sparse or dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labeldist.estimation.log_pool import log_sum_exp, softmax
from labeldist.estimation.observations import Array

MOST_STEPS = 100
ENOUGH = 1e-4  # of the loss per label, relative: further steps change no distribution by what anybody would notice
ROUNDING = 1e-6  # of the mean squared length of a row
REMEMBERED = 6  # pairs of steps that L-BFGS keeps, each as large as the weights


@dataclass(frozen=True, slots=True)
class Regression:
    """``bias`` (K,) and ``weights`` (K, D) of a softmax."""

    bias: Array
    weights: Array

    def scores(self, features: Any) -> Array:
        """Logits (N, K) of ``features`` (N, D)."""
        return times(features, self.weights) + self.bias

    def predict(self, features: Any) -> Array:
        """Distributions (N, K)."""
        return softmax(self.scores(features))

    def log_likelihood(self, features: Any, counts: Array) -> float:
        """Of label ``counts`` (N, K)."""
        scores = self.scores(features)
        return float((counts * (scores - log_sum_exp(scores)[:, None])).sum())


def fit(features: Any, counts: Array, ridge: float, start: Regression | None = None) -> Regression:
    """The regression that makes ``counts`` (N, K) likely, less ridge / 2 times the sum of the squared weights.

    Biases are not held back. ``start``: where to begin, such as the fit with another penalty.

    >>> features = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    >>> fit(features, np.array([[9.0, 1.0], [1.0, 9.0]]), 1e-4).predict(features).round(2).tolist()
    [[0.9, 0.1], [0.1, 0.9]]
    """
    from scipy.optimize import minimize

    shape = counts.shape[1], features.shape[1] + 1
    begin = np.zeros(shape)
    begin[:, 0] = start.bias if start else base(counts)
    if start:
        begin[:, 1:] = start.weights
    found = minimize(
        value_and_gradient,
        begin.ravel(),
        (features, features.T, counts, ridge),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "ftol": ENOUGH, "gtol": 1e-6, "maxcor": REMEMBERED},
    )
    whole = found.x.reshape(shape)
    return Regression(whole[:, 0], whole[:, 1:])


def compact(features: Any) -> Any:
    """Rows (N, N) with the same products as those of ``features`` (N, D): a ridge regression sees nothing else of them.

    Where texts are few, they have far fewer columns than n-grams. Features that have no more than N stay as they are.

    >>> rows = np.array([[3.0, 4.0, 0.0], [0.0, 1.0, 1.0]])
    >>> found = compact(rows)
    >>> found.shape, np.allclose(found @ found.T, rows @ rows.T, atol=1e-4)
    ((2, 2), True)
    """
    items, columns = features.shape
    if columns <= items:
        return features
    exact = features.astype(np.float64)
    products = exact @ exact.T
    whole = products if isinstance(products, np.ndarray) else products.toarray()
    # Equal texts, and texts without any n-gram, leave the matrix singular.
    np.fill_diagonal(whole, whole.diagonal() + ROUNDING * max(float(np.trace(whole)) / items, ROUNDING))
    return np.linalg.cholesky(whole).astype(np.float32)


def base(counts: Array) -> Array:
    """The bias (K,) that alone fits the ``counts``, half a label added to each."""
    logs: Array = np.log(counts.sum(axis=0) + 0.5)
    return logs - float(logs.mean())


def value_and_gradient(
    parameters: Array, features: Any, transposed: Any, counts: Array, ridge: float
) -> tuple[float, Array]:
    """The loss per label, and its gradient, at ``parameters`` (K (D + 1),), a label's bias before its weights."""
    whole = parameters.reshape(counts.shape[1], -1)
    weights = whole[:, 1:]
    scores = times(features, weights) + whole[:, 0]
    normaliser = log_sum_exp(scores)
    sizes, total = counts.sum(axis=1), float(counts.sum())
    likelihood = float((counts * scores).sum() - sizes @ normaliser)
    residual = sizes[:, None] * np.exp(scores - normaliser[:, None]) - counts
    gradient = np.empty_like(whole)
    gradient[:, 0] = residual.sum(axis=0)
    gradient[:, 1:] = times(transposed, residual.T).T
    gradient[:, 1:] += ridge * weights
    penalty = ridge / 2 * float(np.einsum("kd,kd->", weights, weights))
    return (penalty - likelihood) / total, gradient.ravel() / total


def times(matrix: Any, rows: Array) -> Array:
    """``matrix`` (A, B) times each of ``rows`` (K, B): (A, K). One by one: of sparse ones twice as fast as together."""
    if isinstance(matrix, np.ndarray):
        return np.asarray(matrix @ rows.T.astype(matrix.dtype), dtype=np.float64)
    found: Array = np.empty((matrix.shape[0], len(rows)))
    for at, row in enumerate(rows):
        found[:, at] = matrix @ row.astype(matrix.dtype)
    return found
