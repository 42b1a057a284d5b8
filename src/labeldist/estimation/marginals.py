"""What a mixture of Beta distributions says of one label's probability: shortest intervals, medians, mean deviations.

Each marginal of a mixture of Dirichlets is one. Its distribution function is made on a grid that is even in the arcsine
of the root of x, where a Beta distribution is about as wide everywhere: a cell's chance is its middle's density times
its width, but for the two at the ends, which a series gives, since densities may be infinite there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.observations import Array

CELLS = 128
MOST = 1_200.0  # annotators: of a component worth more the grid would see too little, so its intervals are a bit wide
LEAST = 1e-9  # of a parameter
TERMS = 3  # of the series
WAYS = 18  # of chances below an interval that are tried
EDGES = np.sin(np.pi / 2 * np.linspace(0, 1, CELLS + 1)) ** 2
MIDDLES = np.sin(np.pi / 2 * (np.arange(CELLS) + 0.5) / CELLS) ** 2
LOG_BASES = np.stack([np.log(MIDDLES[1:-1]), np.log1p(-MIDDLES[1:-1]), np.ones(CELLS - 2)]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Marginals:
    """Distribution functions (R, CELLS + 1) of R numbers between 0 and 1 at :data:`EDGES`, with their means (R,)."""

    below: Array
    mean: Array

    @classmethod
    def of(cls, a: Array, b: Array, weights: Array) -> Marginals:
        """Of mixtures of Beta(a, b) with ``weights`` (R, J) that sum to 1.

        >>> even = Marginals.of(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)))
        >>> even.quantile(np.array([[0.25, 0.5]])).round(3).tolist()
        [[0.25, 0.5]]
        """
        mean = (weights * a / (a + b)).sum(axis=1)
        a, b = _bounded(a, b)
        cells = np.empty((len(a), CELLS))
        log_beta = _log_beta(a, b)
        scaled = np.log(np.maximum(weights, 1e-300)) - log_beta + np.log(np.pi / CELLS)
        # Density in the arcsine's scale: x^(a - 1/2) (1 - x)^(b - 1/2).
        # Exponentials in single precision take half the time, and are off by less than a thousandth.
        inner = np.stack([a - 0.5, b - 0.5, scaled], axis=-1).astype(np.float32) @ LOG_BASES
        np.exp(inner, out=inner)
        cells[:, 1:-1] = inner.sum(axis=1)
        cells[:, 0] = (weights * _end(a, b, log_beta)).sum(axis=1)
        cells[:, -1] = (weights * _end(b, a, log_beta)).sum(axis=1)
        below = np.zeros((len(a), CELLS + 1))
        np.cumsum(cells, axis=1, out=below[:, 1:])
        below /= below[:, -1:]
        return cls(below, mean)

    def quantile(self, chances: Array) -> Array:
        """Where the distribution functions reach ``chances`` (R, C), by straight lines between the edges."""
        rows = np.arange(len(self.below), dtype=np.float64)[:, None]
        # All rows in one sorted line: row r goes from 2 r to 2 r + 1.
        line = (self.below + 2 * rows).ravel()
        at = np.searchsorted(line, (chances + 2 * rows).ravel(), side="left").reshape(chances.shape)
        at = np.clip(at - (np.arange(len(rows)) * (CELLS + 1))[:, None], 1, CELLS)
        upper, lower = (np.take_along_axis(self.below, one, axis=1) for one in (at, at - 1))
        share = np.clip((chances - lower) / np.maximum(upper - lower, 1e-300), 0.0, 1.0)
        found: Array = EDGES[at - 1] + share * (EDGES[at] - EDGES[at - 1])
        return found

    def shortest(self, mass: float) -> tuple[Array, Array]:
        """The ends (R,) of the shortest interval with the chance ``mass``, of :data:`WAYS` + 1 chances below it.

        >>> ends = Marginals.of(np.ones((1, 1)), np.full((1, 1), 4.0), np.ones((1, 1))).shortest(0.9)
        >>> [end.round(2).tolist() for end in ends]
        [[0.0], [0.44]]
        """
        chances = np.broadcast_to(np.linspace(0, 1 - mass, WAYS + 1), (len(self.below), WAYS + 1))
        low, high = self.quantile(chances), self.quantile(chances + mass)
        # Inside the two end cells straight lines say nothing: the density may be infinite there.
        low = np.where(low < EDGES[1], 0.0, np.minimum(low, EDGES[-2]))
        high = np.where(high > EDGES[-2], 1.0, np.maximum(high, EDGES[1]))
        best = (high - low).argmin(axis=1)[:, None]
        return np.take_along_axis(low, best, axis=1)[:, 0], np.take_along_axis(high, best, axis=1)[:, 0]

    def deviation(self) -> Array:
        """The mean distance from the mean (R,)."""
        found: Array = (np.diff(self.below, axis=1) * np.abs(MIDDLES - self.mean[:, None])).sum(axis=1)
        return found


def _bounded(a: Array, b: Array) -> tuple[Array, Array]:
    shrink = np.minimum(1.0, MOST / (a + b))
    return np.maximum(a * shrink, LEAST), np.maximum(b * shrink, LEAST)


def _log_beta(a: Array, b: Array) -> Array:
    from scipy.special import betaln

    found: Array = betaln(a, b)
    return found


def _end(a: Array, b: Array, log_beta: Array) -> Array:
    """The chance of Beta(a, b) below the first edge x: x^a (1 - x)^b / (a B) times 1 + (a + b) / (a + 1) x + ...

    Source: Abramowitz and Stegun (1964), 26.5.4.
    """
    x = EDGES[1]
    term = np.ones_like(a)
    series = term.copy()
    for step in range(TERMS):
        term = term * (a + b + step) / (a + 1 + step) * x
        series += term
    found: Array = np.exp(a * np.log(x) + b * np.log1p(-x) - log_beta) / a * series
    return found
