"""Metrics of the same distributions over several draws of the reference annotators, with intervals over items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.bootstrap import interval, resampled
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Metric

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw: the reference (N, K) that the reference annotators make, and distributions (N, K) by name."""

    reference: Array
    distributions: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Averaged:
    """A metric's mean over the draws and its resamples, for each name."""

    values: Mapping[str, float]
    resamples: Mapping[str, Array]
    items: int

    def of(self, name: str) -> Interval:
        """The metric of one distribution."""
        return interval(self.values[name], self.resamples[name], self.items)

    def difference(self, name: str, other: str) -> Interval:
        """The metric of one minus that of another, paired by item and draw."""
        return interval(
            self.values[name] - self.values[other], self.resamples[name] - self.resamples[other], self.items
        )


def averaged(metric: Metric, draws: Sequence[Drawn], *, resamples: int, seed: int) -> Averaged:
    """The mean over draws of the same N items; every draw sees the same resamples of the items."""
    names = list(draws[0].distributions)
    made = [
        resampled(metric, one.reference, [one.distributions[name] for name in names], resamples, seed) for one in draws
    ]
    values = np.mean([found for found, _, _ in made], axis=0)
    again = np.mean([found for _, found, _ in made], axis=0)
    return Averaged(dict(zip(names, map(float, values), strict=True)), dict(zip(names, again, strict=True)), made[0][2])
