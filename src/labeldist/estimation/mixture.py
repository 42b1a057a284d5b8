"""The prior that knows kinds of items: a mixture of Dirichlets, whose weights and means follow the evidence.

theta_i ~ sum over j of pi_ij Dir(alpha_j + kappa p_i), with p_i = softmax(b + s_i), s_i = sum over m of w_m x_im, and
pi_ij in proportion to exp(l_j + v m_j . s_i), where m_j is the mean of component j and x_im what evidence m says, as
logarithms around 0. Without evidence kappa, b, w and v have no part.

Components begin near the corners (nearly everybody chose one label), the edges (people are split between two) and the
centre; what they become the labels tell. The posterior given counts c is the mixture of Dir(alpha_j + kappa p_i + c).
Source: Dalal and Hall (1983), Approximating priors by mixtures of natural conjugate priors, JRSS B 45(2); Jacobs et al.
(1991), Adaptive mixtures of local experts, Neural Computation 3(1), for weights that follow what is known of an item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.log_pool import log_sum_exp, softmax
from labeldist.estimation.observations import Array


@dataclass(frozen=True, slots=True)
class Mixture:
    """``alpha`` (J, K), ``log_weight`` (J,), ``concentration`` kappa, ``weights`` w (M,), ``bias`` b (K,), ``gate`` v.

    ``floor``: what is added to probabilities of evidence before their logarithm.
    """

    alpha: Array
    log_weight: Array
    concentration: float
    weights: Array
    bias: Array
    gate: float
    floor: float

    def prior(self, opinions: Array) -> tuple[Array, Array]:
        """The components (N, J, K) and their log weights (N, J) of items of which evidence says ``opinions`` (N, M, K).

        >>> flat = Mixture(np.ones((2, 2)), np.zeros(2), 1.0, np.empty(0), np.zeros(2), 0.0, 0.1)
        >>> alpha, log_weight = flat.prior(np.empty((1, 0, 2)))
        >>> alpha.shape, np.exp(log_weight).tolist()
        ((1, 2, 2), [[0.5, 0.5]])
        """
        items = len(opinions)
        if not len(self.weights):
            alpha = np.broadcast_to(self.alpha, (items, *self.alpha.shape))
            return alpha, np.broadcast_to(log_softmax(self.log_weight[None]), (items, len(self.alpha)))
        score = np.einsum("m,nmk->nk", self.weights, opinions)
        own = self.concentration * softmax(self.bias + score)
        means = self.alpha / self.alpha.sum(axis=1, keepdims=True)
        return self.alpha + own[:, None], log_softmax(self.log_weight + self.gate * (score @ means.T))


def log_softmax(scores: Array) -> Array:
    """Over the last axis.

    >>> np.exp(log_softmax(np.zeros((1, 4)))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    logs: Array = scores - log_sum_exp(scores)[..., None]
    return logs
