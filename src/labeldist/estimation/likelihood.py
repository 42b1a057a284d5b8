"""How likely labels are under a prior of given biases, weights and concentration; with gradients, block by block.

Parameters are one vector: K biases b, M weights w, and the logarithm of the concentration k.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.counts import Rises, rise
from labeldist.estimation.observations import Array, blocks
from labeldist.estimation.opinion import softmax

Rows = NDArray[np.intp]
LEAST_LOG, MOST_LOG = -14.0, 14.0  # of the concentration: beyond these it makes no difference, and nothing overflows


@dataclass(frozen=True, slots=True)
class Marginal:
    """The marginal likelihood of the counts (N, K) given opinions (N, M, K): Dirichlet-multinomial(k p_i)."""

    counts: Array
    opinions: Array
    _parts: list[tuple[slice, Rises, Rises]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for part in blocks(len(self.counts)):
            counts = self.counts[part]
            self._parts.append((part, Rises.of(counts), Rises.of(counts.sum(axis=1))))

    def value_and_gradient(self, parameters: Array, *, each: bool = False) -> tuple[float, Array, Array]:
        """log-likelihood, gradient (P,), and with ``each`` the sum of outer products of the items' gradients (P, P)."""
        labels, weights = self.counts.shape[1], self.opinions.shape[1]
        bias, weight, k = _split(parameters, labels, weights)
        total, gradient = 0.0, np.zeros(len(parameters))
        outer = np.zeros((len(parameters),) * 2)
        for part, rises, all_rises in self._parts:
            opinions = self.opinions[part]
            prior = softmax(bias + np.einsum("m,nmk->nk", weight, opinions))
            up, slope = rise(k * prior, rises)
            down, fall = rise(np.full(len(prior), k), all_rises)
            total += up - down
            by_score = prior * k * (slope - (slope * prior).sum(axis=1, keepdims=True))
            by_k = k * ((slope * prior).sum(axis=1) - fall)
            _add(gradient, outer if each else None, by_score, opinions, by_k)
        return total, gradient, outer


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """The chance of each annotator's label given those of the others: for evidence that saw the item's labels.

    A row for each item and label that it has: ``label`` (R,) is hidden ``times`` (R,) times, ``others`` (R,) is how
    often the remaining annotators chose it, ``rest`` (R,) how many they are, ``opinions`` (R, M, K) what the evidence
    says without it. Source: leave-one-out pseudo-likelihood, Geisser and Eddy (1979), JASA 74(365).
    """

    label: Array
    times: Array
    others: Array
    rest: Array
    opinions: Array

    @classmethod
    def of(cls, counts: Array, hidden: Callable[[Rows, Rows], Array]) -> LeaveOneOut:
        """From counts (N, K) and what gives the opinions (R, M, K) on so many items when so many labels are hidden."""
        item, label = np.nonzero(counts)
        return cls(
            label.astype(np.float64),
            counts[item, label],
            counts[item, label] - 1,
            counts.sum(axis=1)[item] - 1,
            hidden(item, label),
        )

    def value_and_gradient(self, parameters: Array, *, each: bool = False) -> tuple[float, Array, Array]:
        """As :meth:`Marginal.value_and_gradient`."""
        weights, labels = self.opinions.shape[1:]
        bias, weight, k = _split(parameters, labels, weights)
        total, gradient = 0.0, np.zeros(len(parameters))
        outer = np.zeros((len(parameters),) * 2)
        for part in blocks(len(self.label)):
            opinions, label, times = self.opinions[part], self.label[part].astype(np.intp), self.times[part]
            prior = softmax(bias + np.einsum("m,nmk->nk", weight, opinions))
            rows = np.arange(len(label))
            chance = prior[rows, label]
            raised = np.maximum(k * chance + self.others[part], np.finfo(float).tiny)
            total += float((times * (np.log(raised) - np.log(k + self.rest[part]))).sum())
            slope = times * k * chance / raised
            by_score = -slope[:, None] * prior
            by_score[rows, label] += slope
            by_k = slope - times * k / (k + self.rest[part])
            _add(gradient, outer if each else None, by_score, opinions, by_k)
        return total, gradient, outer


Likelihood = Marginal | LeaveOneOut


def _split(parameters: Array, labels: int, weights: int) -> tuple[Array, Array, float]:
    k = float(np.exp(np.clip(parameters[-1], LEAST_LOG, MOST_LOG)))
    return parameters[:labels], parameters[labels : labels + weights], k


def _add(gradient: Array, outer: Array | None, by_score: Array, opinions: Array, by_k: Array) -> None:
    """Add a block's part to the gradient, and to the sum of outer products if that is wanted."""
    by_weight = np.einsum("nk,nmk->nm", by_score, opinions)
    if outer is None:
        labels = by_score.shape[1]
        gradient[:labels] += by_score.sum(axis=0)
        gradient[labels:-1] += by_weight.sum(axis=0)
        gradient[-1] += by_k.sum()
    else:
        whole = np.concatenate([by_score, by_weight, by_k[:, None]], axis=1)
        gradient += whole.sum(axis=0)
        outer += whole.T @ whole
