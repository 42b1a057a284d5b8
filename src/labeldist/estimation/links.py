"""How an estimate made from labels and evidence is corrected where references are at hand: a few links, all log-linear.

A link adds to the logarithm of the estimate: a bias per label and, by its kind, weights for the logarithms of the
estimate, the counts and the evidence (the same weight for all labels), or a matrix of weights from each of these
numbers to each label. A matrix can learn that one annotator's "neutral" is another one's "entailment".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.estimation.log_pool import log_pool, log_sum_exp, softmax
from labeldist.estimation.observations import Array, Observations

FLOOR_SHARE = 0.3  # of the uniform probability, added before a logarithm
BIAS_SHARE = 0.1  # of the penalty of a weight: how far biases are held back
LEAST_SPREAD = 0.05  # a number that hardly varies is not blown up
MOST_WEIGHTS = 20_000
# From strict to free: what a step away from no correction costs.
PENALTIES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1)
FREEDOM = 27.0  # divided by the number of references: the least penalty that so few of them can bear


@dataclass(frozen=True, slots=True)
class Link:
    """What a correction starts from, and the numbers that it is made from.

    ``start`` (N, K): logarithms of distributions; ``shared`` (N, S, K) with one weight each, ``crossed`` (N, D).
    """

    name: str
    start: Array
    shared: Array
    crossed: Array


@dataclass(frozen=True, slots=True)
class Correction:
    """A fitted link: ``bias`` (K,), ``shared`` (S,), ``crossed`` (D, K), and how ``crossed`` numbers are scaled."""

    bias: Array
    shared: Array
    crossed: Array
    centre: Array
    spread: Array

    def of(self, link: Link, rows: NDArray[np.intp]) -> Array:
        """The corrected distributions of ``rows`` (R, K)."""
        scaled = (link.crossed[rows] - self.centre) / self.spread
        return softmax(
            link.start[rows]
            + self.bias
            + np.einsum("s,nsk->nk", self.shared, link.shared[rows])
            + scaled @ self.crossed
        )


def links(observed: Observations, estimate: Array) -> list[Link]:
    """The links to choose from, simple ones first; those with more weights than can be afforded are left out.

    Simple ones start from ``estimate`` (N, K), which must be above 0; those with a matrix from the smoothed labels,
    since they weigh the evidence anew.
    """
    items, labels = observed.counts.shape
    floor = FLOOR_SHARE / labels
    whole = _log_counts(observed.counts)
    groups = [_log_counts(counts) for counts in observed.groups.values()]
    opinions = [log_pool(one.distribution, floor) for one in observed.evidence]
    values = [_values(one.scores, one.distribution) for one in observed.evidence]
    nothing = np.empty((items, 0))
    start = np.log(estimate)
    scale = log_pool(estimate, 0.0)
    shared = np.stack([scale, *groups, whole, *opinions], axis=1)
    found = [
        Link("bias", start, shared[:, :0], nothing),
        Link("scale", start, shared[:, :1], nothing),
        Link("shared", start, shared, nothing),
    ]
    squares = [*values, *(value**2 for value in values)]
    for name, counts in (("", [whole]), ("groups ", groups)):
        if counts:
            found.append(Link(f"{name}matrix", whole, shared, np.hstack([*counts, *opinions])))
            if squares:
                found.append(Link(f"{name}squares", whole, shared, np.hstack([*counts, *squares])))
    return [link for link in found if link.crossed.shape[1] * labels <= MOST_WEIGHTS]


def penalties_for(references: float) -> tuple[float, ...]:
    """The penalties to choose from with so many references: with few of them a free matrix can go far astray.

    >>> penalties_for(10), penalties_for(300)
    ((30.0, 10.0, 3.0), (30.0, 10.0, 3.0, 1.0, 0.3, 0.1))
    """
    return tuple(penalty for penalty in PENALTIES if penalty >= FREEDOM / references) or PENALTIES[:1]


def correct(
    link: Link,
    reference: Array,
    rows: NDArray[np.intp],
    penalties: Sequence[float] = PENALTIES,
    told: Array | None = None,
) -> list[Correction]:
    """The correction under each penalty: the cross-entropy of the references of ``rows``, plus the weights' squares.

    ``told`` (N,): how much each reference tells, 1 for a dense one (and for all unless given). Penalties in falling
    order, each fit begins at the one before.
    """
    crossed = link.crossed[rows]
    centre, spread = crossed.mean(axis=0), np.maximum(crossed.std(axis=0), LEAST_SPREAD)
    scaled, shared = (crossed - centre) / spread, link.shared[rows]
    labels, s, d = link.start.shape[1], shared.shape[1], scaled.shape[1]
    start = np.zeros(labels + s + d * labels)
    much = np.ones(len(rows)) if told is None else told[rows]
    made = []
    for penalty in penalties:
        start = _fit(link.start[rows], shared, scaled, reference[rows], much, penalty, start)
        weights = start[labels + s :].reshape(d, labels)
        made.append(Correction(start[:labels], start[labels : labels + s], weights, centre, spread))
    return made


def _fit(
    begin: Array, shared: Array, crossed: Array, reference: Array, told: Array, penalty: float, start: Array
) -> Array:
    from scipy.optimize import minimize

    labels, s = begin.shape[1], shared.shape[1]
    held = np.full(len(start), penalty)
    held[:labels] *= BIAS_SHARE

    def loss(weights: Array) -> tuple[float, Array]:
        matrix = weights[labels + s :].reshape(-1, labels)
        scores = begin + weights[:labels] + np.einsum("s,nsk->nk", weights[labels : labels + s], shared)
        scores += crossed @ matrix
        error = told[:, None] * (softmax(scores) - reference)
        value = told @ (log_sum_exp(scores) - (reference * scores).sum(axis=1)) + (held * weights**2).sum() / 2
        by_shared = np.einsum("nk,nsk->s", error, shared)
        gradient = np.concatenate([error.sum(axis=0), by_shared, (crossed.T @ error).ravel()])
        return float(value), gradient + held * weights

    found: Array = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return found


def _log_counts(counts: Array) -> Array:
    logs: Array = np.log(counts + PSEUDO_COUNT)
    logs -= logs.mean(axis=1, keepdims=True)
    return logs


def _values(scores: Array | None, distribution: Array) -> Array:
    """Scores where there are some, else probabilities; the mean where an item has none."""
    values = distribution if scores is None else scores
    known: Array = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    return known
