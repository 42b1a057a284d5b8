"""The error that an estimate is expected to have once an item has n more labels: exactly, without drawing any.

A label's part of the expected error depends on nothing but how often that label will have been chosen, and under a
Dirichlet prior this number is Beta-binomial. So the sum over all possible outcomes is a sum over n + 1 numbers for
each label. Source: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory, chapter 7 (preposterior analysis).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.observations import Array
from labeldist.estimation.posterior import SMALLEST, expected_tvd

# With more different probabilities than these, the errors are read between the points of a grid, evenly spaced in
# log-odds: a difference of less than 0.3%, and a thousand items cost as much as a hundred.
GRID = 1 / (1 + np.exp(-np.linspace(np.log(1e-6), -np.log(1e-6), 192)))


def preposterior_error(mean: Array, worth: float, more: Sequence[int]) -> tuple[Array, Array]:
    """Expected KL and TVD (N, L) of items with the Dirichlet prior ``worth`` x ``mean`` (N, K) after ``more`` labels.

    ``more`` are L numbers of labels, each 0 or more.

    >>> kl, tvd = preposterior_error(np.array([[0.5, 0.5]]), 2.0, [0, 1, 100])
    >>> kl.round(4).tolist(), tvd.round(4).tolist()
    ([[0.1931, 0.1365, 0.0048]], [[0.25, 0.1975, 0.0311]])
    """
    different = np.unique(mean)
    at = different if len(different) <= len(GRID) else GRID
    below, share = _between(mean, at)
    kl, tvd = _of_a_label(at, worth, more)
    return _read(kl, below, share), _read(tvd, below, share)


def _between(mean: Array, at: Array) -> tuple[NDArray[np.intp], Array]:
    """For each probability the point of ``at`` below it, and how far it is on the way to the next one (N, K, 1)."""
    points, places = _log_odds(at), _log_odds(mean)
    below = np.clip(np.searchsorted(points, places, side="right") - 1, 0, max(len(points) - 2, 0))
    if len(points) == 1:
        return below, np.zeros((*mean.shape, 1))
    share = np.clip((places - points[below]) / (points[below + 1] - points[below]), 0.0, 1.0)
    return below, share[..., None]


def _read(values: Array, below: NDArray[np.intp], share: Array) -> Array:
    """The values (G, L) at these places, summed over the labels (N, L)."""
    above = np.minimum(below + 1, len(values) - 1)
    total: Array = (values[below] * (1 - share) + values[above] * share).sum(axis=1)
    return total


def _log_odds(chance: Array) -> Array:
    inside = np.clip(chance, SMALLEST, 1 - SMALLEST)
    odds: Array = np.log(inside) - np.log1p(-inside)
    return odds


def _of_a_label(chance: Array, worth: float, more: Sequence[int]) -> tuple[Array, Array]:
    """What a label with each prior probability (G,) adds to the expected KL and TVD (G, L)."""
    from scipy.special import betaln, digamma, gammaln

    a, b = (np.maximum(worth * one, SMALLEST)[:, None] for one in (chance, 1 - chance))
    kl, tvd = np.empty((len(chance), len(more))), np.empty((len(chance), len(more)))
    for at, labels in enumerate(more):
        chosen = np.arange(labels + 1.0)
        ways = gammaln(labels + 1) - gammaln(chosen + 1) - gammaln(labels - chosen + 1)
        likely = np.exp(ways + betaln(a + chosen, b + labels - chosen) - betaln(a, b))
        own, rest = a + chosen, b + labels - chosen
        total = own + rest
        mean = own / total
        kl[:, at] = (likely * mean * (digamma(own + 1) - digamma(total + 1) - np.log(mean))).sum(axis=1)
        # Of two labels, each has half of the expected TVD.
        apart = expected_tvd(np.stack([own, rest], axis=-1).reshape(-1, 2)).reshape(own.shape) / 2
        tvd[:, at] = (likely * apart).sum(axis=1)
    return kl, tvd
