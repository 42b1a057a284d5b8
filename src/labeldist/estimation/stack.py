"""Several priors side by side, each with a share, and the posterior that they give: mixtures of Dirichlets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.labels import LabelFit, opinions
from labeldist.estimation.log_pool import log_sum_exp
from labeldist.estimation.mixture import Mixture, log_softmax
from labeldist.estimation.observations import Array, EvidenceArray

NOTHING = 1e-9  # of a Dirichlet parameter


@dataclass(frozen=True, slots=True)
class Stack:
    """The priors ``parts``, and how likely each is (``shares``, which sum to 1).

    ``plausible``: what the first part may be as well, by the labels that it was fitted to.
    """

    parts: tuple[Mixture, ...]
    shares: tuple[float, ...]
    plausible: tuple[Mixture, ...] = ()

    @property
    def widened(self) -> Stack:
        """All that is plausible in place of the first part, each with an equal part of its share."""
        first = (self.parts[0], *self.plausible)
        shares = (self.shares[0] / len(first),) * len(first)
        return Stack((*first, *self.parts[1:]), (*shares, *self.shares[1:]))

    def prior(self, evidence: tuple[EvidenceArray, ...], items: int) -> tuple[Array, Array]:
        """The components (N, J, K) of so many items with this evidence, of all parts, and their log weights (N, J)."""
        labels = self.parts[0].alpha.shape[1]
        said = {part.floor: opinions(evidence, part.floor, items, labels) for part in self.parts}
        found = [part.prior(said[part.floor]) for part in self.parts]
        logs = [log_weight + np.log(share) for (_, log_weight), share in zip(found, self.shares, strict=True)]
        return np.concatenate([alpha for alpha, _ in found], axis=1), np.concatenate(logs, axis=1)


def one_dirichlet(fit: LabelFit) -> Mixture:
    """The prior of a single Dirichlet as a mixture of one component.

    >>> from labeldist.estimation.labels import fit_labels
    >>> from labeldist.estimation.observations import Observations
    >>> fit = fit_labels(Observations(("yes", "no"), ("1",), np.array([[1.0, 1.0]])))
    >>> bool(np.isclose(one_dirichlet(fit).alpha.sum(), fit.concentration))
    True
    """
    labels = len(fit.bias)
    nothing = np.full((1, labels), NOTHING)
    if len(fit.weights):
        return Mixture(nothing, np.zeros(1), fit.concentration, fit.weights, fit.bias, 0.0, fit.floor)
    alpha = np.maximum(fit.concentration * fit.prior_mean((), 1), NOTHING)
    return Mixture(alpha, np.zeros(1), 0.0, fit.weights, fit.bias, 0.0, fit.floor)


def log_chances(alpha: Array, log_weight: Array, counts: Array) -> Array:
    """How likely counts (N, K) are with each component (N, J), its weight taken in; multinomial coefficients left out.

    >>> np.exp(log_chances(np.ones((1, 1, 2)), np.zeros((1, 1)), np.array([[1.0, 0.0]]))).round(3).tolist()
    [[0.5]]
    """
    from scipy.special import gammaln

    total, number = alpha.sum(axis=2), counts.sum(axis=1)[:, None]
    chosen = np.flatnonzero(counts.any(axis=0))
    some = alpha[:, :, chosen]
    rises = (gammaln(some + counts[:, None, chosen]) - gammaln(some)).sum(axis=2)
    found: Array = log_weight + rises - gammaln(total + number) + gammaln(total)
    return found


def log_marginal(alpha: Array, log_weight: Array, counts: Array) -> Array:
    """The log-likelihood of each item's counts (N,)."""
    return log_sum_exp(log_chances(alpha, log_weight, counts))


def updated(alpha: Array, log_weight: Array, counts: Array) -> tuple[Array, Array]:
    """The posterior's components (N, J, K) and weights (N, J), given counts (N, K).

    >>> after, weights = updated(np.array([[[9.0, 1.0], [1.0, 9.0]]]), np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    >>> after.tolist(), weights.round(2).tolist()
    ([[[10.0, 1.0], [2.0, 9.0]]], [[0.9, 0.1]])
    """
    return alpha + counts[:, None], np.exp(log_softmax(log_chances(alpha, log_weight, counts)))
