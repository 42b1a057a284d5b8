"""How likely labels are under a mixture of Dirichlets; with analytic gradients, equal rows of counts computed once.

Parameters are one vector, in this order: log(alpha / alpha0) (J, K), log weights l (J,), and with evidence the log of
kappa / kappa0, the weights w less their centre (M,), biases b (K,), and the gate v; alpha0 and kappa0 are where a fit
begins. At the zero vector stands what is believed before any label is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.ballots import Ballots
from labeldist.estimation.mixture import Mixture
from labeldist.estimation.observations import Array

CONCENTRATION = 2.0  # annotators: what is believed of kappa
# Standard deviations: of log alpha, l, log kappa, weights, biases, gate.
ALPHA_SPREAD, LOG_WEIGHT_SPREAD, CONCENTRATION_SPREAD, WEIGHT_SPREAD, BIAS_SPREAD, GATE_SPREAD = 1.0, 1.5, 1.5, 1, 1, 1
MOST_LOG = 20.0  # of a parameter's logarithm: nothing overflows


@dataclass(frozen=True, slots=True)
class Layout:
    """Which part of the vector is what: of J components, K labels and M evidences that begin at ``alpha`` (J, K)."""

    alpha: Array
    evidence: int
    floor: float

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of alpha, log weights, log kappa, weights, biases and the gate."""
        components, labels = self.alpha.shape
        with_it = (1, self.evidence, labels, 1) if self.evidence else (0, 0, 0, 0)
        return (components * labels, components, *with_it)

    def split(self, vector: Array) -> list[Array]:
        """The six parts."""
        return np.split(vector, np.cumsum(self.sizes)[:-1])

    def spread(self) -> Array:
        """The standard deviation that each parameter is believed to have (P,)."""
        spreads = (
            ALPHA_SPREAD,
            LOG_WEIGHT_SPREAD,
            CONCENTRATION_SPREAD,
            WEIGHT_SPREAD,
            BIAS_SPREAD,
            GATE_SPREAD,
        )
        return np.concatenate([np.full(size, one) for size, one in zip(self.sizes, spreads, strict=True)])

    def mixture(self, vector: Array) -> Mixture:
        """The prior that the vector stands for."""
        alpha, log_weight, log_concentration, weights, bias, gate = self.split(vector)
        return Mixture(
            alpha=self.alpha * np.exp(np.clip(alpha, -MOST_LOG, MOST_LOG).reshape(self.alpha.shape)),
            log_weight=log_weight,
            concentration=float(CONCENTRATION * np.exp(np.clip(log_concentration[0], -MOST_LOG, MOST_LOG)))
            if self.evidence
            else 0.0,
            weights=weights + 1 / max(self.evidence, 1),
            bias=bias if self.evidence else np.zeros(self.alpha.shape[1]),
            gate=float(gate[0]) if self.evidence else 0.0,
            floor=self.floor,
        )


@dataclass(frozen=True, slots=True)
class MixtureLikelihood:
    """The marginal likelihood of the counts of ``ballots``, given ``opinions`` (M, K, N) in their order.

    All arrays have the items last: sums over components and labels are then sums of whole rows.
    """

    ballots: Ballots
    opinions: Array
    layout: Layout

    @classmethod
    def of(cls, counts: Array, opinions: Array, layout: Layout, times: Array | None = None) -> MixtureLikelihood:
        """Of counts (N, K) and opinions (N, M, K), each item ``times`` over; without evidence equal rows become one."""
        if not layout.evidence:
            counts, back = np.unique(counts, axis=0, return_inverse=True)
            times = np.bincount(back.ravel(), weights=times, minlength=len(counts)).astype(np.float64)
            opinions = np.empty((len(counts), 0, counts.shape[1]))
        ballots = Ballots.of(counts, times)
        return cls(ballots, np.ascontiguousarray(opinions[ballots.order].transpose(1, 2, 0)), layout)

    def value_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """log-likelihood and its gradient (P,)."""
        ballots, found = self.ballots, self.layout.mixture(vector)
        score = np.tensordot(found.weights, self.opinions, 1)
        own = found.concentration * _shares(found.bias[:, None] + score)[0] if self.layout.evidence else None
        means = found.alpha / found.alpha.sum(axis=1, keepdims=True)
        log_weights = found.log_weight[:, None] + found.gate * (means @ score)
        weights, log_whole = _shares(log_weights)
        rises, inverses = ballots.log_rises(found.alpha, own)
        fall, fall_slope = self._falls(found)
        rises += log_weights - fall[:, ballots.which]
        shares, log_sum = _shares(rises)
        each = log_sum - log_whole
        shares *= ballots.times
        by_alpha, by_own = ballots.slopes(shares, inverses, found.alpha, own)
        falls = (shares * fall_slope[:, ballots.which]).sum(axis=1)
        weights *= ballots.times
        moved = shares - weights
        by_log_alpha = found.alpha * (by_alpha - falls[:, None])
        parts = [by_log_alpha, moved.sum(axis=1)]
        if own is not None:
            by_mean = found.gate * (moved @ score.T)
            by_log_alpha += means * (by_mean - (means * by_mean).sum(axis=1, keepdims=True))
            parts += self._by_evidence(found, score, own, by_own, means.T @ moved, float(falls.sum()))
        return float(ballots.times @ each), np.concatenate([part.ravel() for part in parts])

    def _falls(self, found: Mixture) -> tuple[Array, Array]:
        """log Gamma(A + n) - log Gamma(A) of each component's total for each number of votes (J, U); its slope by A."""
        from scipy.special import digamma, gammaln

        total = (found.alpha.sum(axis=1) + found.concentration)[:, None]
        more = total + self.ballots.numbers
        return gammaln(more) - gammaln(total), digamma(more) - digamma(total)

    def _by_evidence(
        self, found: Mixture, score: Array, own: Array, by_own: Array, tilted: Array, by_total: float
    ) -> list[Array]:
        """The slopes by log kappa, weights, biases and gate; ``tilted`` (K, N): what the gate sees of each label."""
        drawn_in = own * by_own
        sums = drawn_in.sum(axis=0)
        by_score = drawn_in - own * (sums / found.concentration)
        by_log_concentration = sums.sum() - found.concentration * by_total
        return [
            np.array([by_log_concentration]),
            np.tensordot(self.opinions, by_score + found.gate * tilted, 2),
            by_score.sum(axis=1),
            np.array([float((tilted * score).sum())]),
        ]


def _shares(scores: Array) -> tuple[Array, Array]:
    """Softmax over the first axis, and the log of the sum of exponentials."""
    top = scores.max(axis=0)
    shares = np.exp(scores - top)
    whole = shares.sum(axis=0)
    shares /= whole
    return shares, top + np.log(whole)
