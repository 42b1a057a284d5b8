"""How many votes are behind a reference: counts say it, probabilities hardly.

A reference of few votes is far from the distribution that it was drawn from, so nothing may take it for a dense one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from labeldist.core.item import Item
from labeldist.evaluation.metric import Array

FEW = 20  # that probabilities can give away
ACCIDENT = 0.1
MOST_DECIMALS = 4  # of rounded probabilities; with more of them they are fractions as computed
EXACT = 1e-6
UNKNOWN = 100.0  # votes that are usual where nothing tells
SURE = 3.0  # nats by which single votes must be the likelier explanation
MOST = 2_000  # references that are enough to tell
ROUNDED = 0.02  # what rounded probabilities may be off 1 in all


def votes_behind(weights: Array) -> Array:
    """The votes behind each reference (N,), from counts or probabilities as they were given (N, K), NaN for none.

    Whole numbers that sum to more than 1 are counts. A 1 for one label is a single vote where no reference has
    fractions; where some have, it is a probability unless single votes among them are the likelier explanation. Where
    all probabilities are fractions of some number up to 20, such as .2, .4 and .4, so many votes made them; of any
    others nobody knows (NaN).

    >>> votes_behind(np.array([[3.0, 1.0], [0.0, 1.0]])).tolist()
    [4.0, 1.0]
    >>> votes_behind(np.array([[0.75, 0.25], [0.0, 1.0]])).tolist()
    [4.0, 4.0]
    >>> votes_behind(np.array([[0.77, 0.23], [0.0, 1.0]])).tolist()
    [nan, nan]
    """
    totals = weights.sum(axis=1)
    there = ~np.isnan(totals)
    known = np.nan_to_num(weights, nan=0.0)
    whole = there & np.all(known == np.round(known), axis=1)
    fractions = there & ~whole
    if not fractions.any():
        return np.where(there, totals, np.nan)
    counted = whole & (totals > 1)
    said = there & ~counted
    # Rounded probabilities show their decimals only as they are, a little more or less than 1 in all.
    near = np.abs(totals[said] - 1) < ROUNDED
    shares = known[said] / np.where(near, 1.0, totals[said])[:, None]
    common = _common(shares)
    votes = np.where(counted, totals, common)
    if _single(shares, UNKNOWN if math.isnan(common) else common):
        votes[said & whole] = 1.0
    return np.where(there, votes, np.nan)


def median_votes(items: Iterable[Item]) -> float | None:
    """The median number of votes behind the references of items; None where nobody knows of half of them or more.

    >>> few = [Item("1", {}, reference={"yes": 1}), Item("2", {}, reference={"yes": 2, "no": 1})]
    >>> median_votes(few), median_votes([few[0], Item("2", {}, reference={"yes": 0.61, "no": 0.39})])
    (2.0, None)
    """
    references = [item.reference for item in items if item.reference is not None]
    labels = list(dict.fromkeys(label for reference in references for label in reference))
    weights = np.array([[reference.get(label, 0.0) for label in labels] for reference in references], dtype=np.float64)
    votes = votes_behind(weights.reshape(len(references), len(labels)))
    return median_of(votes)


def median_of(votes: Array) -> float | None:
    """The median of the numbers (N,) of :func:`votes_behind`; None where half of them or more are not known."""
    known = votes[~np.isnan(votes)]
    return float(np.median(known)) if len(known) and len(known) * 2 >= len(votes) else None


def _common(shares: Array) -> float:
    """The number of votes of which all ``shares`` (R, K) are fractions, if it is small and no accident.

    Where numbers of votes differ, the largest that any of them needs.
    """
    split = shares[(shares < 1 - EXACT).all(axis=1)]
    decimals = next((d for d in range(1, MOST_DECIMALS + 1) if _has(split, d)), MOST_DECIMALS)
    tolerance = 0.501 * 10.0**-decimals if decimals > 1 and _has(split, decimals) else EXACT
    fits = np.array([_fits(split, votes, tolerance) for votes in range(1, FEW + 1)])  # (V, R)
    of_all = np.flatnonzero(fits.all(axis=1))
    if not fits.any(axis=0).all():
        return math.nan
    votes = int(of_all[0] if len(of_all) else fits.argmax(axis=0).max()) + 1
    # The chance that any numbers with so many decimals would do as well; with one decimal, ten votes explain all.
    by_chance = 0.0 if decimals == 1 else min(votes * 10.0**-decimals, 1.0) ** len(split)
    return float(votes) if by_chance <= ACCIDENT else math.nan


def _single(shares: Array, votes: float) -> bool:
    """Whether those of ``shares`` (R, K) that are all one label's are likelier single votes than ``votes`` of one mind.

    People of one mind are rarely alone: all but a few of them must be so on other items, as a Dirichlet-multinomial
    has it. Both explanations are fitted, that of single votes with the share of references that are such.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    if len(shares) > MOST:
        shares = shares[np.random.default_rng(0).choice(len(shares), MOST, replace=False)]
    alone = shares.max(axis=1) > 1 - EXACT
    part = float(alone.mean())
    if part in (0.0, 1.0):
        return False
    mean = np.maximum(shares.mean(axis=0), EXACT)

    def likely(some: Array) -> float:
        def loss(log_worth: float) -> float:
            worth = np.exp(log_worth)
            each = gammaln(worth * mean + some * votes) - gammaln(worth * mean)
            return float(-each.sum() - len(some) * (gammaln(worth) - gammaln(worth + votes)))

        return -float(minimize_scalar(loss, bounds=(-7.0, 7.0), method="bounded").fun)

    singly = likely(shares[~alone]) + float((shares[alone] @ np.log(mean)).sum())
    drawn = len(shares) * (part * math.log(part) + (1 - part) * math.log(1 - part))
    return singly + drawn > likely(shares) + SURE


def _has(shares: Array, decimals: int) -> bool:
    return bool(np.abs(shares - np.round(shares, decimals)).max(initial=0.0) < EXACT)


def _fits(shares: Array, votes: int, tolerance: float) -> NDArray[np.bool_]:
    fits: NDArray[np.bool_] = np.all(np.abs(shares - np.round(shares * votes) / votes) <= tolerance, axis=1)
    return fits
