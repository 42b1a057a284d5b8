"""How much more often than others each annotator gives which label of the same items, and what all of them say.

Annotator a labels an item of distribution theta by softmax(log theta + b_a): for two labels, b is a severity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.exposure import said, tilted_back
from labeldist.estimation.observations import Array, blocks

SURE = 2.0  # standard errors
Rows = NDArray[np.intp]
SINGLY = 64  # annotators up to whom a mean over them is taken one by one


@dataclass(frozen=True, slots=True)
class AnnotatorBiases:
    """Of the annotators ``names`` (A,) and K ``labels``: ``bias`` (A, K) with standard ``errors`` (A, K).

    Biases are logarithms of weights; their sum over labels is 0, as is their mean over annotators, weighted by the
    ``numbers`` (A,) of labels that these gave. ``others``: how many labels are of nobody who recurs. ``spread``: the
    standard deviation of biases that was believed. ``gain``: how much likelier they make a held-out label, as a
    logarithm, with its standard error ``gain_error``. ``exposure`` (N, K): that of each item's labels, by biases that
    were learnt without them; see ``exposure.py``.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    bias: Array
    errors: Array
    numbers: Array
    others: float
    spread: float
    gain: float
    gain_error: float
    exposure: Array

    @property
    def sure(self) -> bool:
        """Whether chance does not explain the gain."""
        return self.gain > SURE * self.gain_error

    def population(self, mean: Array, total: Array) -> Array:
        """What all annotators together say of items (N, K) of which one without bias would say ``mean`` (N, K)."""
        return population(mean, total, self.bias, self.numbers, self.others)

    def posterior(self, alpha: Array, counts: Array, given: Array) -> Array:
        """Posterior parameters (N, K) of what all annotators say, of prior ones ``alpha`` (N, K).

        ``counts`` (N, K) are the labels ``given`` (N, K), or what these are worth.
        """
        worth = counts.sum(axis=1, keepdims=True) / np.maximum(given.sum(axis=1, keepdims=True), 1.0)
        back = tilted_back(alpha, counts, self.exposure * worth)
        total = back.sum(axis=1, keepdims=True)
        whole: Array = total * self.population(back / total, total[:, 0])
        return whole

    def of(self, rows: Rows, counts: Array, given: Array) -> SeenBiases:
        """What they do to those items, whose labels ``given`` (N, K) count as ``counts`` (N, K)."""
        worth = counts[rows].sum(axis=1, keepdims=True) / np.maximum(given[rows].sum(axis=1, keepdims=True), 1.0)
        return SeenBiases(self, self.exposure[rows] * worth)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        each = {
            name: {
                "labels": int(self.numbers[at]),
                "bias": dict(zip(self.labels, self.bias[at].tolist(), strict=True)),
                "standard_errors": dict(zip(self.labels, self.errors[at].tolist(), strict=True)),
            }
            for at, name in enumerate(self.names)
        }
        return {"spread": self.spread, "gain": self.gain, "gain_error": self.gain_error, "annotators": each}

    def in_words(self) -> str:
        """Who differs most surely, and what it is good for to know."""
        at, label = np.unravel_index(int(np.argmax(np.abs(self.bias) / self.errors)), self.bias.shape)
        times = float(np.exp(self.bias[at, label]))
        return (
            f"Annotators differ: {self.names[at]} most surely, who gives {self.labels[label]} {times:.2f} times the "
            f"weight that the {len(self.names):,} annotators who recur give it on the same items. Knowing that makes "
            f"held-out labels {np.expm1(self.gain):.1%} likelier. The estimate is of what all of them say together."
        )


@dataclass(frozen=True, slots=True)
class SeenBiases:
    """The biases of annotators, and the ``exposure`` (N, K) of what the labels of some items count as."""

    biases: AnnotatorBiases
    exposure: Array

    def posterior(self, part: slice, alpha: Array, counts: Array) -> Array:
        """Posterior components (n, J, K) of prior ones ``alpha``, given ``counts`` (n, K) of the items ``part``."""
        return self.together(tilted_back(alpha, counts[:, None], self.exposure[part][:, None]))

    def together(self, alpha: Array) -> Array:
        """The same components (n, J, K) of what all annotators say."""
        flat = alpha.reshape(-1, alpha.shape[-1])
        total = flat.sum(axis=1, keepdims=True)
        whole: Array = (total * self.biases.population(flat / total, total[:, 0])).reshape(alpha.shape)
        return whole


def population(mean: Array, total: Array, bias: Array, numbers: Array, others: float = 0.0) -> Array:
    """The mean over annotators of softmax(log ``mean`` + bias), weighted by their ``numbers`` (A,) of labels.

    ``others``: of how many labels nothing but 0 is known.

    Of many annotators 2 K points with the mean and covariance of their biases stand for all: exact to the second order.
    Source: Julier and Uhlmann (1997), A New Extension of the Kalman Filter to Nonlinear Systems.

    >>> two = population(np.array([[0.5, 0.5]]), np.array([9.0]), np.array([[1.0, -1.0], [-1.0, 1.0]]), np.ones(2))
    >>> two.tolist()
    [[0.5, 0.5]]
    """
    points, weights = np.vstack([bias, np.zeros((1, bias.shape[1]))]), np.append(numbers, others)
    weights = weights / weights.sum()
    if len(points) > SINGLY:
        centre = weights @ points
        apart = points - centre
        values, axes = np.linalg.eigh(apart.T @ (apart * weights[:, None]))
        far = (axes * np.sqrt(np.maximum(values, 0.0) * len(values))).T
        points = np.vstack([centre + far, centre - far])
        weights = np.full(len(points), 1 / len(points))
    whole = np.empty_like(mean)
    for part in blocks(len(mean)):
        each = np.zeros_like(mean[part])
        for point, weight in zip(points, weights, strict=True):
            if weight:
                each += weight * said(mean[part], total[part], point)
        whole[part] = each
    return whole
