"""Whether predictions go with the items that they are for: D.Corr beside what chance alone gives, tested exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.evaluation.metric import Array
from labeldist.evaluation.metrics.dcorr import dcorr_by_chance, dcorr_together

DEALS = 2_000
ROUNDING = 1e-12  # deals that come out as the predictions stand differ from them by no more


@dataclass(frozen=True, slots=True)
class Dealt:
    """The ``dcorr`` of predictions, what it is to expect ``by_chance``, and the chance of as much (``p``).

    All NaN where it is undefined: all predictions, or all that they are compared with, are the same.
    """

    dcorr: float
    by_chance: float
    p: float


def dealt(reference: Array, prediction: Array, *, deals: int = DEALS, seed: int = 0) -> Dealt:
    """The permutation test of D.Corr for N items (N, K): nothing is assumed, so it holds for any number of items.

    ``p`` is the share of ``deals`` of the predictions to the items at random, the one at hand among them, that give as
    much; for hundreds of items at most, since all N x N distances are kept.

    >>> draw = np.random.default_rng(0)
    >>> people = draw.dirichlet([1, 1, 1], 30)
    >>> dealt(people, 0.9 * people + 0.1 * draw.dirichlet([1, 1, 1], 30)).p < 0.001
    True
    >>> dealt(people, draw.dirichlet([1, 1, 1], 30)).p > 0.05
    True
    """
    count = len(reference)
    by_chance = dcorr_by_chance(reference, prediction)
    if np.isnan(by_chance):
        return Dealt(np.nan, np.nan, np.nan)
    theirs, ours = (_centred(rows) for rows in (reference, prediction))
    found, draw = float((theirs * ours).sum()), np.random.default_rng(seed)
    orders = [draw.permutation(count) for _ in range(deals - 1)]
    # Marginal distances do not depend on the deal, so the covariances are in the order of the correlations.
    others = np.array([(theirs * ours[np.ix_(order, order)]).sum() for order in orders])
    at_least = int((others >= found * (1 - ROUNDING)).sum())
    correlation = dcorr_together(reference, [prediction], np.full((1, count), 1 / count))[0, 0]
    return Dealt(float(correlation), by_chance, (1 + at_least) / deals)


def _centred(rows: Array) -> Array:
    distances = np.linalg.norm(rows[:, None] - rows, axis=2)
    centred: Array = distances - distances.mean(axis=0) - distances.mean(axis=1, keepdims=True) + distances.mean()
    return centred
