"""What is known of each item's distribution: mean, intervals and expected errors, here of a Dirichlet."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.observations import Array, blocks

SMALLEST = 1e-9  # of a parameter: a label that nobody chose and no prior expects is still possible
GRID = np.exp(np.linspace(np.log(1.0), np.log(1e5), 48))
# The points (N, K) that stand for mixtures of Dirichlets with these parameters (N, J, K) and weights (N, J).
Chooser = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Posterior:
    """The ``mean`` (N, K), and how sure it is.

    ``low`` and ``high`` (N, K): the shortest interval of each label's probability that holds it with the chance
    ``mass``; ``expected_kl`` and ``expected_tvd`` (N,): the error that the mean is expected to have against the true
    distribution; ``concentration`` (N,): how many annotators the distribution is worth, its item's own labels included.
    ``point`` (N, K): what stands for the posterior where that is not the mean; the intervals hold it.
    """

    mean: Array
    low: Array
    high: Array
    mass: float
    expected_kl: Array
    expected_tvd: Array
    concentration: Array
    point: Array | None = None

    @classmethod
    def empty(cls, items: int, labels: int, mass: float, *, point: bool = False) -> Posterior:
        """Room for so many items, and for a ``point`` of each."""
        mean, low, high = (np.empty((items, labels)) for _ in range(3))
        kl, tvd, concentration = (np.empty(items) for _ in range(3))
        return cls(mean, low, high, mass, kl, tvd, concentration, np.empty((items, labels)) if point else None)

    @property
    def distribution(self) -> Array:
        """What stands for the posterior (N, K): the mean unless another point was asked for."""
        return self.mean if self.point is None else self.point

    def put(self, rows: NDArray[np.intp], part: Posterior) -> None:
        """Fill in these rows."""
        for name in ("mean", "low", "high", "expected_kl", "expected_tvd", "concentration"):
            getattr(self, name)[rows] = getattr(part, name)
        if self.point is not None:
            self.point[rows] = part.distribution

    def holding_point(self) -> Posterior:
        """The same with intervals that are wide enough for the point."""
        if self.point is None:
            return self
        return replace(self, low=np.minimum(self.low, self.point), high=np.maximum(self.high, self.point))


def posterior(alpha: Array, mass: float = 0.9, choose: Chooser | None = None) -> Posterior:
    """The posterior with the parameters ``alpha`` (N, K); ``choose`` makes its points.

    >>> known = posterior(np.array([[3.0, 1.0, 1.0]]))
    >>> known.mean.tolist(), known.low.round(2).tolist()
    ([[0.6, 0.2, 0.2]], [[0.29, 0.0, 0.0]])
    """
    alpha = np.maximum(alpha, SMALLEST)
    total = alpha.sum(axis=1, keepdims=True)
    low, high = intervals(alpha, total - alpha, mass)
    mean = alpha / total
    # A label that is all but ruled out has nearly all its chance at 0, and a mean above nearly all of it.
    low, high = np.minimum(low, mean), np.maximum(high, mean)
    point = None if choose is None else _points(alpha, choose)
    return Posterior(mean, low, high, mass, expected_kl(alpha), expected_tvd(alpha), total[:, 0], point)


def _points(alpha: Array, choose: Chooser) -> Array:
    found = np.empty(alpha.shape)

    def work(part: slice) -> None:
        one = alpha[part, None]
        found[part] = choose(one, np.ones(one.shape[:2]))

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(work, blocks(len(alpha), 1 << 11)))
    return found


def expected_kl(alpha: Array) -> Array:
    """E[KL(p || mean)] of p with the Dirichlet parameters ``alpha`` (N, K), in nats (N,).

    >>> expected_kl(np.array([[1.0, 1.0]])).round(4).tolist()
    [0.1931]
    """
    from scipy.special import digamma

    total = alpha.sum(axis=1, keepdims=True)
    mean = alpha / total
    error: Array = (mean * (digamma(alpha + 1) - digamma(total + 1) - np.log(mean))).sum(axis=1)
    return error


def expected_tvd(alpha: Array) -> Array:
    """E[TVD(p, mean)]: half the sum of the mean absolute deviations of its Beta marginals (N,).

    >>> expected_tvd(np.array([[1.0, 1.0]])).round(4).tolist()
    [0.25]
    """
    from scipy.special import gammaln

    total = alpha.sum(axis=1, keepdims=True)
    rest = np.maximum(total - alpha, SMALLEST)
    # 2 a^a b^b / (B(a, b) (a + b)^(a + b + 1)), as logarithms; Johnson, Kotz, Balakrishnan (1995), chapter 25.
    log = np.log(2) + alpha * np.log(alpha) + rest * np.log(rest) - (total + 1) * np.log(total)
    log -= gammaln(alpha) + gammaln(rest) - gammaln(total)
    error: Array = np.exp(log).sum(axis=1) / 2
    return error


def intervals(a: Array, b: Array, mass: float) -> tuple[Array, Array]:
    """The shortest interval of a Beta(a, b) that has the chance ``mass``; arrays of one shape, as are both ends.

    It begins at 0 where a is at most 1 and ends at 1 where b is: labels that nobody chooses are common, and an
    interval with equal tails could never hold a probability of 0.

    >>> low, high = intervals(np.array([1.0]), np.array([4.0]), 0.9)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0], [0.438])
    """
    from scipy.special import betaincinv

    a, b = np.maximum(a, SMALLEST), np.maximum(b, SMALLEST)
    flat_a, flat_b = a.ravel(), b.ravel()
    low, high = np.empty(len(flat_a)), np.empty(len(flat_a))
    table = _tails(mass)

    def work(part: slice) -> None:
        below = _below(table, flat_a[part], flat_b[part], mass)
        low[part] = betaincinv(flat_a[part], flat_b[part], below)
        high[part] = betaincinv(flat_a[part], flat_b[part], np.minimum(below + mass, 1.0))

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(work, blocks(len(flat_a), 1 << 14)))
    return low.reshape(a.shape), high.reshape(a.shape)


def _below(table: Array, a: Array, b: Array, mass: float) -> Array:
    """The chance below the shortest interval, read between the points of the table; its own chance stays exact."""
    steps = len(GRID) - 1
    scale = steps / np.log(GRID[-1])
    x, y = (np.clip(np.log(np.maximum(one, 1.0)) * scale, 0, steps - 1e-9) for one in (a, b))
    i, j = x.astype(np.intp), y.astype(np.intp)
    u, v = x - i, y - j
    below: Array = (
        table[i, j] * (1 - u) * (1 - v)
        + table[i + 1, j] * u * (1 - v)
        + table[i, j + 1] * (1 - u) * v
        + table[i + 1, j + 1] * u * v
    )
    both_ends = (a <= 1) & (b <= 1)  # no shortest interval: the density is highest at both ends
    below[(a <= 1) & ~both_ends] = 0.0
    below[(b <= 1) & ~both_ends] = 1 - mass
    below[both_ends] = np.where(a[both_ends] <= b[both_ends], 0.0, 1 - mass)
    return below


@functools.cache
def _tails(mass: float) -> Array:
    """The chance below the shortest interval of Beta(a, b), a and b from :data:`GRID`: by halving.

    At its ends the densities are equal; where that below is the smaller one, the interval must move up.
    """
    from scipy.special import betaincinv, xlog1py, xlogy

    a, b = np.meshgrid(GRID, GRID, indexing="ij")
    least, most = np.zeros(a.shape), np.full(a.shape, 1 - mass)
    for _ in range(24):
        below = (least + most) / 2
        ends = [betaincinv(a, b, below), betaincinv(a, b, below + mass)]
        low, high = (xlogy(a - 1, end) + xlog1py(b - 1, -end) for end in ends)
        up = low < high
        least, most = np.where(up, below, least), np.where(up, most, below)
    middle: Array = (least + most) / 2
    return middle
