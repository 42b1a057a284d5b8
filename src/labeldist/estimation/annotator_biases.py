"""How much more often than others each annotator gives which label of the same items, and what all of them say.

Annotator a labels an item of distribution theta by softmax(log theta + b_a): for two labels, b is a severity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.exposure import exposed, said, tilted_back
from labeldist.estimation.given_labels import GivenLabels
from labeldist.estimation.mixture import log_softmax
from labeldist.estimation.observations import Array, blocks
from labeldist.estimation.stack import log_chances

SURE = 2.0  # standard errors
Rows = NDArray[np.intp]
STEPS = 12  # from a component's mean to what biases make of it
SINGLY = 64  # annotators up to whom a mean over them is taken one by one


@dataclass(frozen=True, slots=True)
class AnnotatorBiases:
    """Of the annotators ``names`` (A,) and K ``labels``: ``bias`` (A, K) with standard ``errors`` (A, K).

    Biases are logarithms of weights; their sum over labels is 0, as is their mean over annotators, weighted by the
    ``numbers`` (A,) of labels that these gave. ``others``: how many labels are of nobody who recurs. ``spread``: the
    standard deviation of biases that was believed. ``gain``: how much likelier they make a held-out label, as a
    logarithm, with its standard error ``gain_error``. ``exposure`` (N, K): that of each item's labels, by biases that
    were learnt without them; see ``exposure.py``. ``fold_bias``: the biases learnt without each fold, ``fold`` (N,):
    which of them are those of an item, and ``given``: the labels that are read with them.
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
    given: GivenLabels
    fold_bias: tuple[Array, ...]
    fold: Rows

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
        worth = counts.sum(axis=1) / np.maximum(given.sum(axis=1), 1.0)
        people = len(self.names)
        # Whose labels these are tells which of all biases they were given with: those learnt without the item.
        named = replace(self.given, annotator=self.given.annotator + people * self.fold[self.given.item])
        own = replace(named, times=named.times * worth[named.item]).take(rows, len(counts))
        return SeenBiases(self, own, np.concatenate(self.fold_bias), len(rows))

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
    """The labels ``given`` to some ``items``, and the ``bias`` (A, K) of those who gave them."""

    biases: AnnotatorBiases
    given: GivenLabels
    bias: Array
    items: int

    def updated(self, rows: Rows, alpha: Array, log_weight: Array, counts: Array) -> tuple[Array, Array]:
        """Posterior components (n, J, K) and weights (n, J) of the items ``rows``, given their ``counts`` (n, K)."""
        logs, after = self._read(rows, alpha, log_weight, counts)
        return self.together(after), np.exp(log_softmax(logs))

    def foretold(self, rows: Rows, alpha: Array, log_weight: Array, counts: Array) -> Array:
        """How likely each label (V,) of the items ``rows`` is to somebody who knows their others, as logarithms.

        What labels' likelihoods with biases are is known to the first order only, which is too little to compare
        priors by; chances of single labels sum to 1.
        """
        given = self.given.take(rows, self.items)
        item, own = given.item, np.arange(len(given))
        rest = counts[item]
        rest[own, given.label] = np.maximum(rest[own, given.label] - given.times, 0.0)
        # Each label has the item for itself, with the labels beside it.
        beside = given.take(item.astype(np.intp), len(rows))
        first = np.searchsorted(item, item)
        place = np.arange(len(beside)) - np.searchsorted(beside.item, beside.item)
        others = beside.where(place != (own - first)[beside.item])
        seen = SeenBiases(self.biases, others, self.bias, len(given))
        after, weights = seen.updated(own, alpha[item], log_weight[item], rest)
        mean = np.einsum("nj,njk->nk", weights / after.sum(axis=2), after)
        chances: Array = np.log(mean[own, given.label])
        return chances

    def _read(self, rows: Rows, alpha: Array, log_weight: Array, counts: Array) -> tuple[Array, Array]:
        """How likely labels are with each component (n, J), and its parameters after them (n, J, K)."""
        given = self.given.take(rows, self.items)
        logs = log_chances(alpha, log_weight, counts)
        after = np.empty_like(alpha)
        for at in range(alpha.shape[1]):
            found = exposed(given, self.bias, alpha[:, at], counts, steps=STEPS)
            after[:, at] = tilted_back(alpha[:, at], counts, found.exposure)
            logs[:, at] += found.gain
        return logs, after

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
