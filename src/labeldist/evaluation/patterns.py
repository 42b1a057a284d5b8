"""Resamples of many items by what they look like: items with equal rows of numbers are as good as each other.

A resample of N items is a multinomial draw over the P different rows, so a thousand resamples of 200,000 items with
five labels each, of which there are a few dozen kinds, take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from labeldist.evaluation.bootstrap import MOST_WEIGHTS, resample_weights
from labeldist.evaluation.metric import Array

# Rows (P, M) and how often each counts (B, P), to figures (F, B).
Figures = Callable[[Array, Array], Array]
LARGEST = 2.0**53  # whole numbers up to which floats are exact
WORTH = 8  # items per kind from which drawing kinds is quicker than drawing items


@dataclass(frozen=True, slots=True)
class Patterns:
    """The different ``rows`` (P, M) and how many items have each (P,)."""

    rows: Array
    times: Array
    items: int

    def draws(self, resamples: int, seed: int) -> Iterator[Array]:
        """How often each row comes up (B, P) in so many resamples of the items, in blocks."""
        if len(self.rows) == self.items:
            for weights in resample_weights(self.items, resamples, seed):
                yield np.rint(weights * self.items)
            return
        generator = np.random.default_rng(seed)
        chances = self.times / self.items
        step = max(1, MOST_WEIGHTS // len(self.rows))
        for start in range(0, resamples, step):
            drawn = generator.multinomial(self.items, chances, size=min(step, resamples - start))
            yield drawn.astype(np.float64)


def patterns_of(rows: Array) -> Patterns:
    """The different rows of ``rows`` (N, M), of counts; all of them as they are where most differ.

    >>> found = patterns_of(np.array([[1.0, 0]] * 9 + [[0, 2.0]] * 9))
    >>> found.rows.tolist(), found.times.tolist(), found.items
    ([[0.0, 2.0], [1.0, 0.0]], [9.0, 9.0], 18)
    """
    base = float(rows.max(initial=0)) + 1
    if base ** rows.shape[1] < LARGEST and not (rows % 1).any():  # a row is a number: sorting is fast
        keys = rows @ base ** np.arange(rows.shape[1] - 1, -1, -1)
        _, first, times = np.unique(keys, return_index=True, return_counts=True)
        different = rows[first]
    else:
        different, times = np.unique(rows, axis=0, return_counts=True)
    if len(different) * WORTH > len(rows):
        return Patterns(rows, np.ones(len(rows)), len(rows))
    return Patterns(different, times.astype(np.float64), len(rows))
