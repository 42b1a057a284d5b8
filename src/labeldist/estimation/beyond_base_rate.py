"""What blind evidence saves beyond the base rate, from few items: how much of what differs between items it tells.

:mod:`labeldist.estimation.savings` compares two fits, each with its own error; of a few dozen items these errors are
larger than what is asked. Here one fit tells both: a prior whose means m_i follow the evidence has within an item the
variance m(1 - m) / (k + 1), and over all items that and the variance of the m_i. The base rate alone must account for
both, so it is worth k0 with

    sum_l m_l (1 - m_l) / (k0 + 1) = sum_l [mean_i m_il (1 - m_il) / (k + 1) + var_i m_il],  m_l = mean_i m_il,

and evidence saves k - k0 labels per item: never less than none, and none where it does not move the m_i. The interval
is that of draws from the posterior of biases, weights and k. On simulated sets of 30 and 50 items it held the truth in
82% to 97% of the cases, and its upper end was above the truth in 90% or more
(``tests/estimation/test_beyond_base_rate.py``).
"""

from __future__ import annotations

import numpy as np

from labeldist.estimation.labels import covariance, fit_labels, likelihood, opinions
from labeldist.estimation.likelihood import LEAST_LOG, MOST_LOG
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.observations import Array, Observations
from labeldist.estimation.savings import MASS, Savings

DRAWS = 2_000
MOST_ITEMS = 500  # further ones are left out: draws of all items are kept


def beyond_base_rate(observed: Observations, *, seed: int = 0) -> Savings:
    """The labels per item that the evidence of ``observed``, which must be blind, saves; from its first items.

    >>> from labeldist.estimation.observations import EvidenceArray
    >>> draw = np.random.default_rng(0)
    >>> truth = draw.dirichlet([1, 1], 30)
    >>> counts = np.array([draw.multinomial(5, one) for one in truth]).astype(float)
    >>> known, noise = EvidenceArray("m", 0.8 * truth + 0.1), EvidenceArray("m", draw.dirichlet([9, 9], 30))
    >>> seen = [Observations(("yes", "no"), tuple(map(str, range(30))), counts, evidence=(e,)) for e in (known, noise)]
    >>> reads, guesses = map(beyond_base_rate, seen)
    >>> reads.low > 0.5, guesses.labels < 0.2
    (True, True)
    """
    seen = observed.take(np.flatnonzero(observed.counts.sum(axis=1))[:MOST_ITEMS])
    fit = fit_labels(seen)
    rows = np.arange(len(seen.ids))
    spread = covariance(likelihood(seen, rows, fit.floor).gradients(fit.parameters), fit.belief)
    drawn = np.random.default_rng(seed).multivariate_normal(fit.parameters, spread, size=DRAWS)
    views = opinions(seen.evidence, fit.floor, len(rows), len(seen.labels))
    low, high = np.quantile(_saved(drawn, views), [(1 - MASS) / 2, (1 + MASS) / 2])
    return Savings(fit.names, float(_saved(fit.parameters[None], views)[0]), float(low), float(high))


def _saved(parameters: Array, views: Array) -> Array:
    """k - k0 under each of the ``parameters`` (D, K + M + 1), for what the evidence says (N, M, K)."""
    labels = views.shape[2]
    scores = parameters[:, None, :labels] + np.einsum("dm,nmk->dnk", parameters[:, labels:-1], views)
    means = softmax(scores)
    worth = np.exp(np.clip(parameters[:, -1], LEAST_LOG, MOST_LOG))
    within = (means * (1 - means)).sum(axis=2).mean(axis=1)
    base = means.mean(axis=1)
    whole = (base * (1 - base)).sum(axis=1)
    # Of the variance over all items, what the means do not tell is within / (k + 1).
    alone = whole / (within / (worth + 1) + (whole - within)) - 1
    saved: Array = worth - alone
    return saved
