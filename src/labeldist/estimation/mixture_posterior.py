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
from labeldist.estimation.posterior import Posterior
from labeldist.estimation.stack import Stack, updated

BLOCK = 1 << 11  # items at once
ENOUGH = 0.998  # of a posterior's weight: the components that bring it there make the intervals


def mixture_posterior(
    stack: Stack,
    evidence: tuple[EvidenceArray, ...],
    counts: Array,
    mass: float = 0.9,
    biases: SeenBiases | None = None,
) -> tuple[Posterior, Array]:
    """The posterior of items with ``evidence`` and label counts (N, K), and what was expected of them before (N, K).

    >>> from labeldist.estimation.mixture import Mixture
    >>> even = Mixture(np.ones((1, 2)), np.zeros(1), 0.0, np.empty(0), np.zeros(2), 0.0, 0.1)
    >>> known, prior = mixture_posterior(Stack((even,), (1.0,)), (), np.array([[2.0, 0.0]]))
    >>> known.mean.tolist(), known.concentration.round(6).tolist(), prior.tolist()
    ([[0.75, 0.25]], [4.0], [[0.5, 0.5]])
    """
    items, labels = counts.shape
    found = Posterior.empty(items, labels, mass)
    prior = np.empty((items, labels))

    def work(part: slice) -> None:
        rows = np.arange(items)[part]
        alpha, log_weight = stack.prior(tuple(one.take(rows) for one in evidence), len(rows))
        after, weights = updated(alpha, log_weight, counts[part])
        if biases is not None:
            after, alpha = biases.posterior(part, alpha, counts[part]), biases.together(alpha)
        prior[part] = _mean(alpha, np.exp(log_weight))
        _describe(found, part, after, weights)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(work, blocks(items, BLOCK)))
    return found, prior


def _describe(found: Posterior, part: slice, alpha: Array, weights: Array) -> None:
    """Fill in that part of what is known, from the posterior's components (n, J, K) and weights (n, J)."""
    mean = _mean(alpha, weights)
    found.mean[part] = mean
    found.expected_kl[part] = _expected_kl(alpha, weights, mean)
    found.concentration[part] = _concentration(alpha, weights, mean)
    low, high, deviation = np.empty_like(mean), np.empty_like(mean), np.zeros(len(mean))
    for rows, some, their in _by_need(alpha, weights):
        total = some.sum(axis=2)
        for label in range(mean.shape[1]):
            one = Marginals.of(some[..., label], total - some[..., label], their)
            low[rows, label], high[rows, label] = one.shortest(found.mass)
            deviation[rows] += one.deviation() / 2
    found.low[part], found.high[part] = np.minimum(low, mean), np.maximum(high, mean)
    found.expected_tvd[part] = deviation


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
    """E[KL(p || mean)]: E[p log p] of each component is known, and so is the mean."""
    from scipy.special import digamma

    total = alpha.sum(axis=2, keepdims=True)
    inside = (alpha / total * (digamma(alpha + 1) - digamma(total + 1))).sum(axis=2)
    found: Array = (weights * inside).sum(axis=1) - (mean * np.log(mean)).sum(axis=1)
    return np.maximum(found, 0.0)


def _concentration(alpha: Array, weights: Array, mean: Array) -> Array:
    """That of the Dirichlet with the same mean and the same sum of variances."""
    total = alpha.sum(axis=2)
    squares = np.einsum("nj,njk->n", weights / (total * (total + 1)), alpha * (alpha + 1))
    size = (mean**2).sum(axis=1)
    found: Array = (1 - size) / np.maximum(squares - size, 1e-12) - 1
    return np.maximum(found, 0.0)
