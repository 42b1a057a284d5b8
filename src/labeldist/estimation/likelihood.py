"""How likely labels are under a prior of given biases, weights and concentration; with gradients, block by block.

Parameters are one vector: K biases b, M weights w, and the logarithm of the concentration k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from labeldist.estimation.counts import Rises, rise
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.observations import Array, blocks

LEAST_LOG, MOST_LOG = -14.0, 14.0  # of the concentration: beyond these it makes no difference, and nothing overflows


@dataclass(frozen=True, slots=True)
class Marginal:
    """The marginal likelihood of the counts (N, K) given opinions (N, M, K): Dirichlet-multinomial(k p_i).

    Where annotators have biases, with the ``exposure`` (N, K) of the labels to them; see ``exposure.py``.
    """

    counts: Array
    opinions: Array
    exposure: Array | None = None
    _parts: list[tuple[slice, Rises, Rises]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for part in blocks(len(self.counts)):
            counts = self.counts[part]
            self._parts.append((part, Rises.of(counts), Rises.of(counts.sum(axis=1))))

    def value_and_gradient(self, parameters: Array) -> tuple[float, Array]:
        """log-likelihood and its gradient (P,)."""
        labels = self.counts.shape[1]
        total, gradient = 0.0, np.zeros(len(parameters))
        for value, by_score, by_weight, by_k in self._slopes(parameters):
            total += value
            gradient[:labels] += by_score.sum(axis=0)
            gradient[labels:-1] += by_weight.sum(axis=0)
            gradient[-1] += by_k.sum()
        return total, gradient

    def gradients(self, parameters: Array) -> Iterator[Array]:
        """The gradients of the items' log-likelihoods (n, P), block by block: their sum is the whole one."""
        for _, by_score, by_weight, by_k in self._slopes(parameters):
            yield np.concatenate([by_score, by_weight, by_k[:, None]], axis=1)

    def _slopes(self, parameters: Array) -> Iterator[tuple[float, Array, Array, Array]]:
        """Block by block: log-likelihood, and each item's slopes by its scores (n, K), by weights (n, M), by log k."""
        labels, weights = self.counts.shape[1], self.opinions.shape[1]
        bias, weight, k = _split(parameters, labels, weights)
        for part, rises, all_rises in self._parts:
            opinions = self.opinions[part]
            prior = softmax(bias + np.einsum("m,nmk->nk", weight, opinions))
            up, slope = rise(k * prior, rises)
            down, fall = rise(np.full(len(prior), k), all_rises)
            if self.exposure is not None:
                leant, by_alpha, by_total = _leant(k * prior, self.counts[part], self.exposure[part])
                up, slope, fall = up + leant, slope + by_alpha, fall - by_total
            by_score = prior * k * (slope - (slope * prior).sum(axis=1, keepdims=True))
            by_k = k * ((slope * prior).sum(axis=1) - fall)
            yield up - down, by_score, np.einsum("nk,nmk->nm", by_score, opinions), by_k


def _leant(alpha: Array, counts: Array, exposure: Array) -> tuple[float, Array, Array]:
    """What biases add to the log-likelihood, and its slopes by ``alpha`` (n, K) and beside by its total (n,)."""
    total, number, after = alpha.sum(axis=1, keepdims=True), counts.sum(axis=1, keepdims=True), alpha + counts
    rate = np.log((total + exposure) / (total + number))
    by_total = 1 - (after / (total + exposure)).sum(axis=1)
    return -float((after * rate).sum()), -rate, by_total


def _split(parameters: Array, labels: int, weights: int) -> tuple[Array, Array, float]:
    k = float(np.exp(np.clip(parameters[-1], LEAST_LOG, MOST_LOG)))
    return parameters[:labels], parameters[labels : labels + weights], k
