"""The likelihood of label counts under a Dirichlet-multinomial, and its gradient, without special functions.

Gamma(a + c) / Gamma(a) is a (a + 1) ... (a + c - 1): for the few labels that an item has, c logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.observations import Array

MOST_STEPS = 64  # counts above this are computed with the gamma function
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Rises:
    """Numbers that are to be raised: at step t, 0, 1, ..., the flat positions where the count is above t.

    ``many`` are the positions whose count is too large for steps.
    """

    steps: tuple[NDArray[np.intp], ...]
    many: NDArray[np.intp]
    counts: Array

    @classmethod
    def of(cls, counts: Array) -> Rises:
        """For counts of any shape."""
        flat = counts.ravel()
        many = np.flatnonzero(flat > MOST_STEPS)
        few = np.where(flat > MOST_STEPS, 0, flat)
        top = int(few.max(initial=0))
        return cls(tuple(np.flatnonzero(few > step) for step in range(top)), many, flat)


def rise(base: Array, rises: Rises) -> tuple[float, Array]:
    """The sum of log Gamma(a + c) - log Gamma(a), and its derivative by each a, in the shape of ``base``.

    >>> total, slope = rise(np.array([2.0, 1.0]), Rises.of(np.array([2.0, 0.0])))
    >>> round(float(np.exp(total)), 6), slope.round(4).tolist()
    (6.0, [0.8333, 0.0])
    """
    flat = np.maximum(base.ravel(), SMALLEST)
    slope = np.zeros_like(flat)
    total = 0.0
    for step, where in enumerate(rises.steps):
        raised = flat[where] + step
        total += float(np.log(raised).sum())
        slope[where] += 1 / raised
    if len(rises.many):
        from scipy.special import digamma, gammaln

        low, count = flat[rises.many], rises.counts[rises.many]
        total += float((gammaln(low + count) - gammaln(low)).sum())
        slope[rises.many] += digamma(low + count) - digamma(low)
    return total, slope.reshape(base.shape)
