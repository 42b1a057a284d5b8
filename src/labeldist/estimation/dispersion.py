"""Were items chosen by how far their annotators agreed? Then their labels tell too little about the spread of opinion.

ChaosNLI, for instance, took only items on which exactly 3 of 5 annotators agreed: to a model of independent annotators
that looks as if all items were alike, and the concentration fitted to it runs to infinity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.observations import Array

DRAWS = 200
FEWEST_ITEMS = 30
MOST_ITEMS = 5_000
# The spread of agreement below this share of what is expected, and below all draws, is no accident.
SMALLEST_SHARE = 0.6
NEARLY_UNANIMOUS = 0.95
COMMON_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How agreement is spread over items: ``observed`` and ``expected`` variance, and the ``p_value`` (one-sided).

    ``selected`` says that agreement varies so much less than it would by chance that items must have been selected.
    """

    observed: float
    expected: float
    p_value: float
    selected: bool


def dispersion(counts: Array, prior: Array, concentration: float, *, seed: int = 0) -> Dispersion | None:
    """Compare the spread of agreement over items with that of counts drawn from the fitted model.

    ``counts`` and ``prior`` (N, K). Agreement of an item: the share of its pairs of annotators that agree. Compared
    among the items with the commonest number of labels. None with fewer than 30 of these, or where they are not most of
    the items with two labels or more: where further labels were asked for on disagreement, the number of labels tells
    of agreement, and nothing was selected.

    >>> dispersion(np.tile([3.0, 2.0, 0.0], (50, 1)), np.full((50, 3), 1 / 3), 20.0).selected
    True
    """
    totals = counts.sum(axis=1)
    numbers, times = np.unique(totals[totals >= 2], return_counts=True)
    if not len(numbers) or times.max() < max(FEWEST_ITEMS, COMMON_SHARE * times.sum()):
        return None
    rows = np.flatnonzero(totals == numbers[times.argmax()])
    generator = np.random.default_rng(seed)
    if len(rows) > MOST_ITEMS:
        rows = np.sort(generator.choice(rows, MOST_ITEMS, replace=False))
    totals = totals[rows]
    observed = float(_agreement(counts[rows], totals).var())
    shape = np.maximum(concentration * prior[rows], 1e-9)
    drawn = np.array([_agreement(_draw(shape, totals, generator), totals).var() for _ in range(DRAWS)])
    expected = float(drawn.mean())
    p_value = float((1 + (drawn <= observed).sum()) / (1 + DRAWS))
    agreement = float(_agreement(counts[rows], totals).mean())
    selected = agreement < NEARLY_UNANIMOUS and observed < SMALLEST_SHARE * expected and p_value <= 1 / DRAWS
    return Dispersion(observed, expected, p_value, selected)


def _agreement(counts: Array, totals: Array) -> Array:
    share: Array = (counts * (counts - 1)).sum(axis=1) / (totals * (totals - 1))
    return share


def _draw(shape: Array, totals: Array, generator: np.random.Generator) -> Array:
    shares = generator.standard_gamma(shape)
    shares += np.finfo(float).tiny
    shares /= shares.sum(axis=1, keepdims=True)
    return generator.multinomial(totals.astype(np.int64), shares).astype(np.float64)
