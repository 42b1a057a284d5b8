"""Whether stated probabilities and intervals are what people do, on items whose shares are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.evaluation.metric import Array

BINS = 10
FEWEST = 2  # shares in a bin
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
    """The ``predicted`` probabilities (N, K) of all labels in ten bins of equal width, against those ``observed``.

    >>> [one] = reliability(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]))
    >>> one.predicted, one.observed, one.shares
    (0.5, 0.5, 2)
    """
    both = ~np.isnan(predicted) & ~np.isnan(observed)
    said, seen = predicted[both], observed[both]
    place = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    members = (place == at for at in range(BINS))
    return [_bin(said[mine], seen[mine]) for mine in members if mine.sum() >= FEWEST]


def coverage(low: Array, high: Array, observed: Array) -> Held:
    """How often the intervals from ``low`` to ``high`` (N, K) hold what was ``observed`` (N, K).

    >>> coverage(np.zeros((2, 2)), np.full((2, 2), 0.5), np.array([[0.5, 0.5], [0.2, 0.8]])).held
    0.75
    """
    kept = ((low - 1e-9 <= observed) & (observed <= high + 1e-9)).mean(axis=1)
    return Held(*_mean(kept), shares=observed.size)


def _bin(said: Array, seen: Array) -> Reliability:
    return Reliability(float(said.mean()), *_mean(seen), shares=len(said))


def _mean(values: Array) -> tuple[float, float, float]:
    mean = float(values.mean())
    wide = WIDE * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 1.0
    return mean, max(mean - wide, 0.0), min(mean + wide, 1.0)
