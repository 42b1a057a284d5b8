"""Labels of annotators who have biases: what an item's distribution is, once they are taken into account.

Annotator a, asked about an item of distribution theta, gives label k with the chance q_k = theta_k e^b_ak / s, where s
is the sum over all labels. With Dirichlet parameters alpha (total A) before and counts c of n labels, the most likely
softmax parameters of the item have

    theta_k = (alpha_k + c_k) / (A + E_k),    E_k = sum over its labels v of e^b_vk / s_v.

E is the *exposure*: how many of the n labels were open to label k, seen with these annotators' eyes. A label to which
they lean is one with more of it, and its count is worth less. Without biases E is n, and this is the mean of the
posterior. The log-likelihood of the labels is Laplace's, with the curvature of the posterior without biases: exact
where there are none, and stationary in theta, so that its gradients need no derivative of theta.
Source of the iteration: Hunter (2004), MM algorithms for generalized Bradley-Terry models, Annals of Statistics 32(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.given_labels import GivenLabels

Array = NDArray[np.float64]
SMALLEST = 1e-12
MOST_STEPS, CLOSE = 60, 1e-7


@dataclass(frozen=True, slots=True)
class Exposed:
    """``mean`` (N, K): theta; ``exposure`` (N, K); ``gain`` (N,): how much likelier each item's labels are than without
    biases, as logarithms.
    """

    mean: Array
    exposure: Array
    gain: Array


def exposed(
    given: GivenLabels, bias: Array, alpha: Array, counts: Array, start: Array | None = None, steps: int = MOST_STEPS
) -> Exposed:
    """With the ``bias`` (A, K) of annotators, prior parameters ``alpha`` (N, K) and all ``counts`` (N, K).

    Labels of nobody known are taken to be without bias. ``start``: theta from before; at most ``steps`` from there.

    >>> one = GivenLabels(("a",), ("x", "y"), *(np.array([n]) for n in (0, 0, 0)), np.array([1.0]))
    >>> found = exposed(one, np.array([[1.0, -1.0]]), np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]]))
    >>> bool(found.mean[0, 0] < 2 / 3), found.exposure.round(2).tolist()
    (True, [[1.64, 0.22]])
    """
    lean = np.exp(bias)[given.annotator]
    total, number = alpha.sum(axis=1, keepdims=True), counts.sum(axis=1, keepdims=True)
    after = np.maximum(alpha + counts, SMALLEST)
    nameless = number - given.items(len(counts))[:, None]
    mean = after / (total + number) if start is None else start
    ones = np.ones(alpha.shape[1])  # sums over few labels are fastest as products
    for _ in range(steps):
        share = np.einsum("vk,vk->v", mean[given.item], lean)
        exposure = nameless + per_item(given, lean * (given.times / share)[:, None], len(counts))
        before, mean = mean, after / (total + exposure)
        mean /= (mean @ ones)[:, None]
        if np.abs(mean - before).max(initial=0.0) < CLOSE:
            break
    share = np.einsum("vk,vk->v", mean[given.item], lean)
    own = given.times * (bias[given.annotator, given.label] - np.log(share))
    gain = np.bincount(given.item, own, len(counts)).astype(np.float64)
    gain -= np.einsum("nk,nk->n", after, np.log((total + exposure) / (total + number)))
    return Exposed(mean, exposure, gain)


def per_item(given: GivenLabels, values: Array, items: int) -> Array:
    """The sums of ``values`` (V, K) over each item's labels (N, K)."""
    return np.stack([np.bincount(given.item, weights=one, minlength=items) for one in values.T], axis=1)


def per_annotator(given: GivenLabels, values: Array) -> Array:
    """The sums of ``values`` (V, K) over each annotator's labels (A, K)."""
    people = len(given.names)
    return np.stack([np.bincount(given.annotator, weights=one, minlength=people) for one in values.T], axis=1)


def said(mean: Array, total: Array, bias: Array) -> Array:
    """What an annotator of that ``bias``, (K,) or (N, K), says of items (N, K) of that mean, worth ``total`` (N,).

    The more is left open of an item, the less a bias does to its mean, since what is open may be certain either way. A
    ratio of two marginal likelihoods, to the first order; where nothing is open it is the softmax.

    >>> one, bias = np.array([[0.5, 0.5]]), np.array([1.0, -1.0])
    >>> said(one, np.array([1e9]), bias).round(2).tolist(), said(one, np.array([2.0]), bias).round(2).tolist()
    ([[0.88, 0.12]], [[0.81, 0.19]])
    """
    lean = np.exp(bias)
    rate = lean / (mean * lean).sum(axis=1, keepdims=True)
    chance = mean * rate / (total[:, None] + rate)
    whole: Array = chance / chance.sum(axis=1, keepdims=True)
    return whole


def value_and_gradient(bias: Array, given: GivenLabels, alpha: Array, counts: Array) -> tuple[float, Array]:
    """How much likelier all labels are than without biases, and its gradient by ``bias`` (A, K)."""
    found = exposed(given, bias, alpha, counts)
    known = np.full(len(given), 1e12)
    return float(found.gain.sum()), slopes(given, said(found.mean[given.item], known, bias[given.annotator]))


def slopes(given: GivenLabels, chance: Array) -> Array:
    """What annotators gave (A, K), less what was expected of them by the ``chance`` of each label (V, K)."""
    left = -chance * given.times[:, None]
    left[np.arange(len(given)), given.label] += given.times
    return per_annotator(given, left)


def tilted_back(alpha: Array, counts: Array, exposure: Array) -> Array:
    """Posterior parameters of prior ones ``alpha`` (..., K), ``counts`` (..., K) and their ``exposure`` (..., K).

    The total is what it would be without biases; each label's count is seen against its exposure.

    >>> tilted_back(np.array([1.0, 1.0]), np.array([2.0, 0.0]), np.array([3.0, 1.0])).round(2).tolist()
    [2.57, 1.43]
    """
    total, number = alpha.sum(axis=-1, keepdims=True), counts.sum(axis=-1, keepdims=True)
    mean = (alpha + counts) / (total + exposure)
    back: Array = (total + number) * mean / mean.sum(axis=-1, keepdims=True)
    return back
