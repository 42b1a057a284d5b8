"""The mixture of Dirichlets that makes labels likely, held back by weak beliefs (empirical Bayes)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.mixture import Mixture
from labeldist.estimation.mixture_likelihood import Layout, MixtureLikelihood
from labeldist.estimation.observations import Array

MOST_CORNERS, MOST_SPLIT, MOST_EDGES = 6, 4, 6
MOST_STEPS = 300


@dataclass(frozen=True, slots=True)
class MixtureFit:
    """A fitted ``mixture``: the ``vector`` (P,) of the ``layout``, and the penalised log-likelihood ``reached``."""

    mixture: Mixture
    vector: Array
    layout: Layout
    reached: float


def first_components(counts: Array, *, ordered: bool = False) -> Array:
    """Where the components begin (J, K): corners of the commonest labels, edges between two of them, the centre.

    Of ``ordered`` labels only neighbours make an edge.

    >>> first_components(np.array([[2.0, 1.0], [0.0, 3.0]])).round(1).tolist()
    [[0.2, 4.3], [4.2, 0.3], [2.2, 2.4], [1.6, 2.8]]
    """
    labels = counts.shape[1]
    mean = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * labels)
    likely = np.maximum(mean, 0.02)
    top = np.argsort(-mean, kind="stable")
    rows = []
    for one in top[:MOST_CORNERS]:
        row = 0.25 * labels * likely
        row[one] += 4
        rows.append(row)
    for one, other in _edges(mean, top, ordered):
        row = 0.3 * labels * likely
        row[[one, other]] += 2
        rows.append(row)
    rows.append(4 * mean + 0.2)
    return np.array(rows)


def _edges(mean: Array, top: NDArray[np.intp], ordered: bool) -> list[tuple[int, int]]:
    if ordered:
        neighbours = list(pairwise(range(len(mean))))
        return sorted(neighbours, key=lambda two: -(mean[two[0]] + mean[two[1]]))[:MOST_EDGES]
    return list(combinations(top[:MOST_SPLIT], 2))[:MOST_EDGES]


def fit_mixture(likelihood: MixtureLikelihood, start: Array | None = None, most: int = MOST_STEPS) -> MixtureFit:
    """The most likely parameters under the beliefs, from ``start`` (P,) or from what is believed."""
    from scipy.optimize import minimize

    spread = likelihood.layout.spread()

    def loss(vector: Array) -> tuple[float, Array]:
        value, gradient = likelihood.value_and_gradient(vector)
        distance = vector / spread
        return float(distance @ distance) / 2 - value, distance / spread - gradient

    found = minimize(
        loss, np.zeros(len(spread)) if start is None else start, jac=True, method="L-BFGS-B", options={"maxiter": most}
    )
    return MixtureFit(likelihood.layout.mixture(found.x), found.x, likelihood.layout, -float(found.fun))
