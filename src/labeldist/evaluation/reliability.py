"""Whether stated probabilities and intervals are what people do, on items whose shares are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.metric import Array

BINS = 10
FEWEST = 10  # shares in a bin, where there are so many
DRAWS = 20
MOST_ITEMS = 5_000  # that the expected coverage is simulated on
SMALLEST = 1e-3  # of a parameter
ROUNDING = 1e-9
WIDE = 1.96


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of ``shares`` probabilities near ``predicted`` (their mean) people gave ``observed`` (95%: low to high)."""

    predicted: float
    observed: float
    low: float
    high: float
    shares: int


@dataclass(frozen=True, slots=True)
class Held:
    """The share of an interval's promises that were kept: ``held`` of ``shares`` (95% over items: low to high)."""

    held: float
    low: float
    high: float
    shares: int


def reliability(predicted: Array, observed: Array) -> list[Reliability]:
    """The ``predicted`` probabilities (N, K) of all labels, in up to ten bins as large, against those ``observed``.

    >>> [one] = reliability(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]))
    >>> one.predicted, one.observed, one.shares
    (0.5, 0.5, 2)
    """
    both = ~np.isnan(predicted) & ~np.isnan(observed)
    said, seen = predicted[both], observed[both]
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, min(BINS, max(len(order) // FEWEST, 1)))
    return [_bin(said[part], seen[part]) for part in parts if len(part) > 1]


def holds(low: Array, high: Array, observed: Array) -> NDArray[np.bool_]:
    """Whether the intervals from ``low`` to ``high`` (N, K) hold what was ``observed`` (N, K), but for rounding."""
    found: NDArray[np.bool_] = (low - ROUNDING <= observed) & (observed <= high + ROUNDING)
    return found


def coverage(low: Array, high: Array, observed: Array) -> Held:
    """How often the intervals from ``low`` to ``high`` (N, K) hold what was ``observed`` (N, K).

    >>> coverage(np.zeros((2, 2)), np.full((2, 2), 0.5), np.array([[0.5, 0.5], [0.2, 0.8]])).held
    0.75
    """
    return Held(*_mean(holds(low, high, observed).mean(axis=1)), shares=observed.size)


def expected_coverage(
    mean: Array, concentration: Array, low: Array, high: Array, votes: Array, *, mass: float, seed: int = 0
) -> Array:
    """The shares (K,) that intervals of ``mass`` hold of what ``votes`` (N) show; NaN votes: of the truth itself.

    That is the mass, less what chance in the votes takes from it, by simulation: a probability of each posterior, a
    beta distribution of its ``mean`` (N, K) and ``concentration`` (N), and votes by it. Intervals that are too narrow
    for their posterior are not expected to hold less for that.

    >>> ends = np.zeros((400, 2)), np.ones((400, 2))
    >>> expected_coverage(np.full((400, 2), 0.5), np.full(400, 4.0), *ends, np.full(400, 10.0), mass=0.9).tolist()
    [0.9, 0.9]
    """
    random = np.random.default_rng(seed)
    if len(mean) > MOST_ITEMS:
        some = random.choice(len(mean), MOST_ITEMS, replace=False)
        mean, concentration, low, high, votes = (one[some] for one in (mean, concentration, low, high, votes))
    count, weight = votes[:, None], concentration[:, None]
    people, lost = np.where(np.isnan(count), 1, count).astype(int), np.zeros(mean.shape)
    for _ in range(DRAWS):
        true = random.beta(np.maximum(mean * weight, SMALLEST), np.maximum((1 - mean) * weight, SMALLEST))
        seen = np.where(np.isnan(count), true, random.binomial(people, true) / people)
        lost += holds(low, high, true).astype(float) - holds(low, high, seen)
    share: Array = np.clip(mass - lost.mean(axis=0) / DRAWS, 0.0, 1.0)
    return share


def _bin(said: Array, seen: Array) -> Reliability:
    return Reliability(float(said.mean()), *_mean(seen), shares=len(said))


def _mean(values: Array) -> tuple[float, float, float]:
    mean = float(values.mean())
    wide = WIDE * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 1.0
    return mean, max(mean - wide, 0.0), min(mean + wide, 1.0)
