"""What is known of each item under a mixture of Dirichlets, in blocks of items."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from labeldist.estimation.annotator_biases import SeenBiases
from labeldist.estimation.labels import Rows
from labeldist.estimation.marginals import Marginals
from labeldist.estimation.observations import Array, EvidenceArray, blocks
from labeldist.estimation.posterior import Chooser, Posterior
from labeldist.estimation.stack import Stack, updated

BLOCK = 1 << 11  # items at once
ENOUGH = 0.998  # of a posterior's weight: the components that bring it there make the intervals


def mixture_posterior(
    stack: Stack,
    evidence: tuple[EvidenceArray, ...],
    counts: Array,
    mass: float = 0.9,
    *,
    biases: SeenBiases | None = None,
    choose: Chooser | None = None,
) -> tuple[Posterior, Array]:
    """The posterior of items with ``evidence`` and label counts (N, K), and what was expected of them before (N, K).

    Means, and the points that ``choose`` makes, are those of the likeliest parameters; intervals and expected errors
    are those of all that are plausible, whose means are further from the truth. ``biases``: of the annotators.

    >>> from labeldist.estimation.mixture import Mixture
    >>> even = Mixture(np.ones((1, 2)), np.zeros(1), 0.0, np.empty(0), np.zeros(2), 0.0, 0.1)
    >>> known, prior = mixture_posterior(Stack((even,), (1.0,)), (), np.array([[2.0, 0.0]]))
    >>> known.mean.tolist(), known.concentration.round(6).tolist(), prior.tolist()
    ([[0.75, 0.25]], [4.0], [[0.5, 0.5]])
    """
    items, labels = counts.shape
    found = Posterior.empty(items, labels, mass, point=choose is not None)
    prior = np.empty((items, labels))

    def work(part: slice) -> None:
        rows = np.arange(items)[part]
        said = tuple(one.take(rows) for one in evidence)
        alpha, log_weight = stack.prior(said, len(rows))
        prior[part] = _mean(alpha if biases is None else biases.together(alpha), np.exp(log_weight))
        after = _after(alpha, log_weight, counts[part], biases, rows)
        found.mean[part] = _mean(*after)
        if choose is not None and found.point is not None:
            found.point[part] = _points(*after, choose)
        if stack.plausible:
            after = _after(*stack.widened.prior(said, len(rows)), counts[part], biases, rows)
        _describe(found, part, *after)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(work, blocks(items, BLOCK)))
    return found, prior


def _after(
    alpha: Array, log_weight: Array, counts: Array, biases: SeenBiases | None, rows: Rows
) -> tuple[Array, Array]:
    """The components and weights of the posterior of the items ``rows``."""
    if biases is None:
        return updated(alpha, log_weight, counts)
    return biases.updated(rows, alpha, log_weight, counts)


def _describe(found: Posterior, part: slice, alpha: Array, weights: Array) -> None:
    """Fill in how sure its means are, from the posterior's components (n, J, K) and weights (n, J)."""
    mean = found.mean[part]
    found.expected_kl[part] = _expected_kl(alpha, weights, mean)
    found.concentration[part] = _concentration(alpha, weights)
    low, high, deviation = np.empty_like(mean), np.empty_like(mean), np.zeros(len(mean))
    for rows, some, their in _by_need(alpha, weights):
        total = some.sum(axis=2)
        for label in range(mean.shape[1]):
            one = Marginals.of(some[..., label], total - some[..., label], their)
            low[rows, label], high[rows, label] = one.shortest(found.mass)
            deviation[rows] += one.deviation(mean[rows, label]) / 2
    found.low[part], found.high[part] = np.minimum(low, mean), np.maximum(high, mean)
    found.expected_tvd[part] = deviation


def _points(alpha: Array, weights: Array, choose: Chooser) -> Array:
    found = np.empty((len(alpha), alpha.shape[2]))
    for rows, some, their in _by_need(alpha, weights):
        found[rows] = choose(some, their)
    return found


def _by_need(alpha: Array, weights: Array) -> Iterator[tuple[Rows, Array, Array]]:
    """Rows, and the fewest of their components, the likeliest, that have nearly all the weight."""
    order = np.argsort(-weights, axis=1)
    ranked = np.take_along_axis(weights, order, axis=1)
    reached = np.cumsum(ranked, axis=1)
    needed = np.minimum((reached < ENOUGH).sum(axis=1) + 1, weights.shape[1])
    for number in np.unique(needed):
        rows = np.flatnonzero(needed == number)
        likeliest = order[rows, :number]
        kept = ranked[rows, :number]
        yield rows, np.take_along_axis(alpha[rows], likeliest[..., None], axis=1), kept / kept.sum(axis=1)[:, None]


def _mean(alpha: Array, weights: Array) -> Array:
    mean: Array = np.einsum("nj,njk->nk", weights / alpha.sum(axis=2), alpha)
    return mean


def _expected_kl(alpha: Array, weights: Array, mean: Array) -> Array:
    """E[KL(p || mean)]: E[p log p] of each component is known, and so is E[p]."""
    from scipy.special import digamma

    total = alpha.sum(axis=2, keepdims=True)
    inside = (alpha / total * (digamma(alpha + 1) - digamma(total + 1))).sum(axis=2)
    found: Array = (weights * inside).sum(axis=1) - (_mean(alpha, weights) * np.log(mean)).sum(axis=1)
    return np.maximum(found, 0.0)


def _concentration(alpha: Array, weights: Array) -> Array:
    """That of the Dirichlet with the same mean and the same sum of variances."""
    total, mean = alpha.sum(axis=2), _mean(alpha, weights)
    squares = np.einsum("nj,njk->n", weights / (total * (total + 1)), alpha * (alpha + 1))
    size = (mean**2).sum(axis=1)
    found: Array = (1 - size) / np.maximum(squares - size, 1e-12) - 1
    return np.maximum(found, 0.0)
