"""Calibration on references: the correction that brings estimates nearest to dense human distributions.

Which links, and how freely, is decided by cross-validation inside the references that may be used; all that come
within one standard error of the best are averaged, the nearer ones with more weight. No item's own reference ever
enters its own estimate.
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

FOLDS = 5
FEWEST = 5
MOST_TO_CHOOSE_ON = 2_000
MOST_TO_FIT_ON = 20_000
LEAST = 1e-10  # a probability, before its logarithm

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Estimates from references: ``mean`` (N, K), and ``confidence`` (N,), the factor on what they were worth before.

    ``used``: the share of each link in the average, over folds. ``references``: how many there were.
    """

    mean: Array
    confidence: Array
    used: dict[str, float]
    references: int
    folds: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Corrections to average, (link, correction, weight) each, and the confidence that suits them."""

    parts: tuple[tuple[Link, Correction, float], ...]
    confidence: float

    def of(self, rows: Rows) -> Array:
        """The average of what they give for ``rows`` (R, K)."""
        mean: Array = np.sum([share * made.of(link, rows) for link, made, share in self.parts], axis=0)
        return mean


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
    available = links(observed, np.maximum(estimate, LEAST))
    mean, confidence = np.empty_like(estimate), np.ones(len(estimate))
    used: dict[str, float] = {}
    shuffled = np.random.default_rng(seed).permutation(referenced)
    folds = min(folds, len(referenced))
    others = np.setdiff1d(np.arange(len(estimate)), referenced)
    passes = folds + bool(len(others))

    def learn(from_rows: Rows, for_rows: Rows) -> None:
        chosen = choose(observed, available, weight, from_rows)
        mean[for_rows], confidence[for_rows] = chosen.of(for_rows), chosen.confidence
        for link, _, share in chosen.parts:
            used[link.name] = used.get(link.name, 0.0) + share / passes

    for fold in range(folds):
        out = np.sort(shuffled[fold::folds])
        learn(np.setdiff1d(referenced, out), out)
    if len(others):
        learn(referenced, others)
    return Corrected(mean, confidence, used, len(referenced), folds)


def choose(observed: Observations, available: Sequence[Link], weight: Array, rows: Rows) -> Chosen:
    """The corrections that predict the references of ``rows`` best when each fold is predicted from the others."""
    assert observed.reference is not None
    assert observed.votes is not None
    reference = observed.reference
    few, many = drawn(rows, MOST_TO_CHOOSE_ON), drawn(rows, MOST_TO_FIT_ON)
    shuffled = np.random.default_rng(1).permutation(len(few))
    folds = min(FOLDS, len(few))
    penalties = penalties_for(len(rows))
    ways = [(link, at) for link in available for at in range(len(penalties))]
    predicted = np.empty((len(ways), len(few), reference.shape[1]))
    for fold in range(folds):
        out = shuffled[fold::folds]
        kept = np.delete(few, out)
        made = {link.name: correct(link, reference, kept, penalties) for link in available}
        for way, (link, at) in enumerate(ways):
            predicted[way, out] = made[link.name][at].of(link, few[out])
    losses = -(reference[few] * np.log(np.maximum(predicted, LEAST))).sum(axis=2)
    shares = _shares(losses)
    mean = np.einsum("w,wnk->nk", shares, predicted)
    confidence = _confidence(mean, weight[few], reference[few], observed.votes[few])
    near = [(link, at, float(share)) for (link, at), share in zip(ways, shares, strict=True) if share]
    last = {link.name: max(at for other, at, _ in near if other is link) for link, _, _ in near}
    whole = {
        link.name: correct(link, reference, many, penalties[: last[link.name] + 1])
        for link in available
        if link.name in last
    }
    return Chosen(tuple((link, whole[link.name][at], share) for link, at, share in near), confidence)


def _shares(losses: Array) -> Array:
    """The weight of each way (W, R) in the average: falls from the best one's to 0 at one standard error from it.

    The standard error is that of the paired difference of the mean losses.
    """
    best = int(losses.mean(axis=1).argmin())
    further = losses - losses[best]
    error = further.std(axis=1) / np.sqrt(losses.shape[1])
    shares = np.maximum(1 - further.mean(axis=1) / np.maximum(error, 1e-12), 0.0)
    shares[best] = 1.0
    weights: Array = shares / shares.sum()
    return weights


def _confidence(mean: Array, weight: Array, reference: Array, votes: Array) -> float:
    """The factor on ``weight`` under which votes of the references are likeliest: Dirichlet-multinomial."""
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    counts = reference * votes[:, None]

    def loss(log_factor: float) -> float:
        total = np.exp(log_factor) * weight
        alpha = np.maximum(total[:, None] * mean, 1e-9)
        gain = gammaln(total) - gammaln(total + votes) + (gammaln(alpha + counts) - gammaln(alpha)).sum(axis=1)
        # A weak prior around no change keeps a handful of references from promising too much.
        return float(log_factor**2 / 2 - gain.sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))
