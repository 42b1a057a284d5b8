"""Do the labels of new items come from the annotators and the kind of items that a calibration was learnt on?

Of each item: how much likelier its labels are than labels that the calibration itself would draw, as many of them, and
how much commoner each label is than it expects. Both are compared with the same of the items that it was learnt on: a
calibration that fits those only roughly does not drift because of that, and one that few items taught is not taken for
exact. Items are independent, so the differences are normal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeldist.estimation.labels import Rows
from labeldist.estimation.observations import Array, drawn
from labeldist.estimation.priors import Prior
from labeldist.estimation.provenance import Drift
from labeldist.estimation.stack import log_marginal

MOST_ITEMS = 2_000
DRAWS = 8  # of each item's labels
FALSE_ALARMS = 0.01  # of sets that have not drifted


@dataclass(frozen=True, slots=True)
class Surprise:
    """Of ``items`` with labels: by how much more than expected they are likely, and by label common.

    ``mean`` (1 + K,) and ``variance`` (1 + K,) over items, of the likelihood and then of each label's share.
    """

    items: int
    mean: Array
    variance: Array


def surprise(prior: Prior, counts: Array, seed: int = 0) -> Surprise | None:
    """How the labels ``counts`` (N, K) differ from what ``prior`` expects; None where fewer than 2 items have any."""
    labelled = np.flatnonzero(counts.sum(axis=1))
    if len(labelled) < 2:
        return None
    generator = np.random.default_rng(seed)
    parts = [
        _differences(alpha, log_weight, counts[rows], generator)
        for rows, alpha, log_weight in _components(prior, drawn(labelled, MOST_ITEMS, seed))
    ]
    whole = np.concatenate(parts)
    return Surprise(len(whole), whole.mean(axis=0), whole.var(axis=0, ddof=1))


def drift(learnt: Surprise, found: Surprise) -> Drift:
    """The difference of two sets of items, the first of which a calibration was learnt on."""
    from scipy.stats import norm

    apart = found.mean - learnt.mean
    error = np.sqrt(found.variance / found.items + learnt.variance / learnt.items)
    z = apart / np.maximum(error, 1e-12)
    limit = float(norm.isf(FALSE_ALARMS / 2 / len(z)))
    return Drift(found.items, float(apart[0]), float(z[0]), tuple(apart[1:].tolist()), tuple(z[1:].tolist()), limit)


def _components(prior: Prior, rows: Rows) -> Iterator[tuple[Rows, Array, Array]]:
    """Rows, and the components (n, J, K) and log weights (n, J) of what the annotators are expected to say of them."""
    if not prior.mixed:
        assert prior.single is not None
        alpha = prior.single.worth[rows, None] * prior.single.mean[rows]
        yield rows, alpha[:, None], np.zeros((len(rows), 1))
    for those, evidence, stack in prior.mixed:
        places = np.flatnonzero(np.isin(those, rows))
        if len(places):
            yield those[places], *stack.prior(tuple(one.take(places) for one in evidence), len(places))


def _differences(alpha: Array, log_weight: Array, counts: Array, generator: np.random.Generator) -> Array:
    """Of n items (n, 1 + K)."""
    number = counts.sum(axis=1)
    total = alpha.sum(axis=2, keepdims=True)
    mean = np.einsum("nj,njk->nk", np.exp(log_weight), alpha / total)
    likely = log_marginal(alpha, log_weight, counts)
    expected = np.mean(
        [log_marginal(alpha, log_weight, _labels(alpha, log_weight, number, generator)) for _ in range(DRAWS)], axis=0
    )
    return np.column_stack([likely - expected, counts / number[:, None] - mean])


def _labels(alpha: Array, log_weight: Array, number: Array, generator: np.random.Generator) -> Array:
    """Labels of each item, so many, drawn from its prior (n, K)."""
    edges = np.exp(log_weight).cumsum(axis=1)
    chosen = (generator.random((len(alpha), 1)) * edges[:, -1:] > edges).sum(axis=1)
    shares = generator.standard_gamma(alpha[np.arange(len(alpha)), np.minimum(chosen, alpha.shape[1] - 1)])
    shares += np.finfo(float).tiny
    shares /= shares.sum(axis=1, keepdims=True)
    return generator.multinomial(number.astype(np.int64), shares).astype(np.float64)
