"""Calibration on references: the correction that brings estimates nearest to dense human distributions.

Which links, and how freely, is decided by cross-validation inside the references that may be used; all that come
within one standard error of the best are averaged, the nearer ones with more weight. No item's own reference ever
enters its own estimate. A reference of few votes tells less than a dense one and counts for less: one of 1 vote for
about a tenth. The correction is followed as far as the votes that it did not see speak for it, since chance alone makes
one that looks better than none.
Source: nested cross-validation, Varma and Simon (2006), BMC Bioinformatics 7:91; the one-standard-error rule,
Breiman et al. (1984), section 3.4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import InputError
from labeldist.estimation.links import Correction, Link, correct, links, penalties_for
from labeldist.estimation.observations import Array, Observations, drawn
from labeldist.estimation.posterior import SMALLEST

FOLDS = 5
FEWEST = 5
MOST_TO_CHOOSE_ON = 2_000
MOST_TO_FIT_ON = 20_000
DENSE = 100.0  # votes: what a reference counts for is measured against one of so many
CONFIDENCE_SPREAD = 0.3  # of the logarithm of the factor on what estimates are worth: it is near 1 unless votes tell
LEAST = 1e-10  # a probability, before its logarithm

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Estimates from references: ``mean`` (N, K), and ``confidence`` (N,), the factor on what they were worth before.

    ``used``: the share of each link in the average, over folds; ``followed``: how far the average was followed, 0 to 1.
    ``references``: how many there were.
    """

    mean: Array
    confidence: Array
    used: dict[str, float]
    followed: float
    references: int
    folds: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Corrections to average, (link, correction, weight) each, how far to follow them, and the confidence then.

    ``uncorrected`` (N, K): what they are corrections of.
    """

    parts: tuple[tuple[Link, Correction, float], ...]
    uncorrected: Array
    followed: float
    confidence: float

    def of(self, rows: Rows) -> Array:
        """The average of what they give for ``rows`` (R, K), as far as it is followed."""
        mean: Array = np.sum([share * made.of(link, rows) for link, made, share in self.parts], axis=0)
        return _between(self.uncorrected[rows], mean, self.followed)


def calibrate_on_references(
    observed: Observations, estimate: Array, weight: Array, *, folds: int = FOLDS, seed: int = 0
) -> Corrected:
    """Correct ``estimate`` (N, K), means made without references that are worth ``weight`` (N,) annotators each.

    Items with a reference get what the other folds' references teach, all others what all references teach. Raises
    :class:`InputError` for fewer than 5 references.
    """
    referenced = observed.referenced
    if observed.reference is None or len(referenced) < FEWEST:
        raise InputError(
            f"{len(referenced)} items with a reference",
            expected=f"at least {FEWEST} to calibrate on",
            hint="use --calibrate labels, or collect more references (`labeldist plan` tells how many help)",
        )
    start = np.maximum(estimate, LEAST)
    available = links(observed, start)
    mean, confidence = np.empty_like(estimate), np.ones(len(estimate))
    used: dict[str, float] = {}
    followed: list[float] = []
    shuffled = np.random.default_rng(seed).permutation(referenced)
    folds = min(folds, len(referenced))
    others = np.setdiff1d(np.arange(len(estimate)), referenced)
    passes = folds + bool(len(others))

    def learn(from_rows: Rows, for_rows: Rows) -> None:
        chosen = choose(observed, available, start, weight, from_rows)
        mean[for_rows], confidence[for_rows] = chosen.of(for_rows), chosen.confidence
        followed.append(chosen.followed)
        for link, _, share in chosen.parts:
            used[link.name] = used.get(link.name, 0.0) + share / passes

    for fold in range(folds):
        out = np.sort(shuffled[fold::folds])
        learn(np.setdiff1d(referenced, out), out)
    if len(others):
        learn(referenced, others)
    return Corrected(mean, confidence, used, float(np.mean(followed)), len(referenced), folds)


def choose(observed: Observations, available: Sequence[Link], estimate: Array, weight: Array, rows: Rows) -> Chosen:
    """The corrections that predict the references of ``rows`` best when each fold is predicted from the others.

    ``available`` are the links that start from ``estimate`` (N, K), which is worth ``weight`` (N,).
    """
    assert observed.reference is not None
    assert observed.votes is not None
    reference = observed.reference
    told = informative(observed.votes, weight)
    few, many = drawn(rows, MOST_TO_CHOOSE_ON), drawn(rows, MOST_TO_FIT_ON)
    shuffled = np.random.default_rng(1).permutation(len(few))
    folds = min(FOLDS, len(few))
    penalties = penalties_for(float(told[rows].sum()))
    ways = [(link, at) for link in available for at in range(len(penalties))]
    predicted = np.empty((len(ways), len(few), reference.shape[1]))
    for fold in range(folds):
        out = shuffled[fold::folds]
        kept = np.delete(few, out)
        made = {link.name: correct(link, reference, kept, penalties, told) for link in available}
        for way, (link, at) in enumerate(ways):
            predicted[way, out] = made[link.name][at].of(link, few[out])
    losses = -(reference[few] * np.log(np.maximum(predicted, LEAST))).sum(axis=2)
    shares = _shares(losses, told[few])
    mean = np.einsum("w,wnk->nk", shares, predicted)
    votes, counts = observed.votes[few], (reference * observed.votes[:, None])[few]
    followed = _followed(estimate[few], mean, weight[few], counts, votes)
    mean = _between(estimate[few], mean, followed)
    confidence = _confidence(mean, weight[few], counts, votes)
    near = [(link, at, float(share)) for (link, at), share in zip(ways, shares, strict=True) if share]
    last = {link.name: max(at for other, at, _ in near if other is link) for link, _, _ in near}
    whole = {
        link.name: correct(link, reference, many, penalties[: last[link.name] + 1], told)
        for link in available
        if link.name in last
    }
    parts = tuple((link, whole[link.name][at], share) for link, at, share in near)
    return Chosen(parts, estimate, followed, confidence)


def informative(votes: Array, weight: Array) -> Array:
    """How much references of ``votes`` (N,) tell of estimates that are worth ``weight`` (N,), one of 100 votes being 1.

    A reference scatters around an estimate because the truth does, by 1 / (weight + 1) of p (1 - p), and because votes
    do, by 1 / votes of the rest: more votes than ``weight`` hardly make it more telling.

    >>> informative(np.array([1.0, 10.0, 100.0]), np.full(3, 10.0)).round(2).tolist()
    [0.1, 0.55, 1.0]
    """
    told: Array = (votes / (votes + weight)) / (DENSE / (DENSE + weight))
    return told


def _shares(losses: Array, told: Array) -> Array:
    """The weight of each way (W, R) in the average: falls from the best one's to 0 at one standard error from it.

    The standard error is that of the paired difference of the mean losses, weighted by what each reference ``told``.
    """
    each = told / told.sum()
    best = int((losses @ each).argmin())
    further = losses - losses[best]
    mean = further @ each
    error = np.sqrt(((further - mean[:, None]) ** 2) @ each**2)
    shares = np.maximum(1 - mean / np.maximum(error, 1e-12), 0.0)
    shares[best] = 1.0
    weights: Array = shares / shares.sum()
    return weights


def _between(estimate: Array, corrected: Array, followed: float) -> Array:
    mean: Array = (1 - followed) * estimate + followed * corrected
    return mean


def _followed(estimate: Array, corrected: Array, weight: Array, counts: Array, votes: Array) -> float:
    """How far to go from ``estimate`` to ``corrected``: the chance that the correction is right, given the votes.

    Both are as likely before, but for what choosing gained: a correction was chosen because it looks good on these
    votes, which is worth about one unit of log-likelihood for each label's bias (Akaike 1974).
    """
    from scipy.special import expit

    with_it, without = (_likelihood(mean, weight, counts, votes) for mean in (corrected, estimate))
    return float(expit(with_it - without - estimate.shape[1]))


def _confidence(mean: Array, weight: Array, counts: Array, votes: Array) -> float:
    """The factor on ``weight`` under which the votes of the references are likeliest."""
    from scipy.optimize import minimize_scalar

    def loss(log_factor: float) -> float:
        # Votes tell of it only by how far those of one reference agree: few references, or few votes, say little.
        likely = _likelihood(mean, np.exp(log_factor) * weight, counts, votes)
        return float((log_factor / CONFIDENCE_SPREAD) ** 2 / 2 - likely)

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def _likelihood(mean: Array, weight: Array, counts: Array, votes: Array) -> float:
    """The log-likelihood of the votes ``counts`` (R, K) under Dirichlet-multinomials worth ``weight`` (R,)."""
    from scipy.special import gammaln

    alpha = np.maximum(weight[:, None] * mean, SMALLEST)
    by_item = gammaln(weight) - gammaln(weight + votes) + (gammaln(alpha + counts) - gammaln(alpha)).sum(axis=1)
    return float(by_item.sum())
