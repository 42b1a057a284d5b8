"""The baseline that learns: labels with one pseudo-count for every label, fitted to the labels themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

Array = NDArray[np.float64]
LEAST, MOST = 1e-3, 1e3


def fitted_pseudo_count(counts: Array) -> float:
    """The pseudo-count that makes the labels of N items, counts (N, K), most likely; within 0.001 to 1,000.

    The likelihood is the Dirichlet-multinomial of a symmetric prior, so nothing but the labels is used.
    """
    labels = counts.shape[1]
    totals = counts.sum(axis=1)

    def cost(logarithm: float) -> float:
        each = np.exp(logarithm)
        by_label = gammaln(counts + each) - gammaln(each)
        of_all = gammaln(totals + labels * each) - gammaln(labels * each)
        return float(of_all.sum() - by_label.sum())

    return float(np.exp(minimize_scalar(cost, bounds=(np.log(LEAST), np.log(MOST)), method="bounded").x))


def smoothed(counts: Array, each: float) -> Array:
    """The shares of the labels with ``each`` added to every label: (N, K)."""
    more = counts + each
    shares: Array = more / more.sum(axis=1, keepdims=True)
    return shares
