"""Calibration from labels alone (empirical Bayes): the prior under which the labels at hand are likely.

Item i with labels c_i and opinions x_i: p_i = softmax(b + w x_i); c_i is Dirichlet-multinomial with k p_i. Biases b,
weights w and concentration k maximise the marginal likelihood, with weak normal priors that keep all of them finite.
Source: Minka (2000), Estimating a Dirichlet distribution; Morris (1983), Parametric empirical Bayes, JASA 78(381).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.likelihood import LEAST_LOG, MOST_LOG, Marginal
from labeldist.estimation.log_pool import log_pool, pooled
from labeldist.estimation.observations import Array, EvidenceArray, Observations, drawn

# Standard deviations of the priors; the concentration's centre, in annotators, and the deviation of its logarithm.
BIAS_SPREAD, WEIGHT_SPREAD, CONCENTRATION, LOG_CONCENTRATION_SPREAD = 1.5, 1.0, 3.0, 1.5
# What is added to each probability before its logarithm, as shares of the uniform one: the likeliest is taken.
FLOORS = (0.03, 0.1, 0.3, 1.0)
PILOT = 20_000  # items on which the floor is chosen and the whole fit begins


Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of the parameters before any label is seen: normal, ``centre`` (P,) and ``spread`` (P,)."""

    centre: Array
    spread: Array


@dataclass(frozen=True, slots=True)
class LabelFit:
    """A fitted prior. ``bias`` (K,), ``weights`` (M,) of the evidence ``names``, ``concentration`` in annotators.

    ``errors`` (K + M + 1,): standard errors of biases, weights and log concentration, from the outer product of
    gradients. ``belief``: that which held the parameters back. ``log_likelihood`` of the labels, multinomial
    coefficients left out.
    """

    names: tuple[str, ...]
    bias: Array
    weights: Array
    concentration: float
    floor: float
    errors: Array
    belief: Belief
    log_likelihood: float

    @property
    def parameters(self) -> Array:
        """Biases, weights and the logarithm of the concentration, as one vector (K + M + 1,)."""
        return np.concatenate([self.bias, self.weights, [np.log(self.concentration)]])

    def prior_mean(self, evidence: tuple[EvidenceArray, ...], items: int) -> Array:
        """What the prior expects of each item (N, K)."""
        return pooled(self.bias, self.weights, opinions(evidence, self.floor, items, len(self.bias)))


def opinions(evidence: tuple[EvidenceArray, ...], floor: float, items: int, labels: int) -> Array:
    """What the evidence says of each item (N, M, K), as logarithms around 0."""
    whole = np.zeros((items, len(evidence), labels))
    for at, one in enumerate(evidence):
        whole[:, at] = log_pool(one.distribution, floor)
    return whole


def fit_labels(observed: Observations, *, most: int | None = None) -> LabelFit:
    """The prior that makes the labels likely, for evidence that did not see them.

    Items without labels say nothing and are left out; of more than ``most`` items so many are drawn. Standard errors
    are from the outer product of gradients.

    >>> counts = np.array([[3.0, 0.0], [0.0, 3.0], [2.0, 1.0], [3.0, 0.0]])
    >>> fit = fit_labels(Observations(("yes", "no"), ("1", "2", "3", "4"), counts))
    >>> bool(fit.bias[0] > fit.bias[1]), 0 < fit.concentration < 3
    (True, True)
    """
    labelled = np.flatnonzero(observed.counts.sum(axis=1))
    if most is not None:
        labelled = drawn(labelled, most)
    pilot = drawn(labelled, PILOT)
    count = observed.counts.shape[1]
    floors = [share / count for share in FLOORS] if observed.evidence else [FLOORS[0] / count]
    belief = _belief(count, len(observed.evidence))
    fits = [_fit(observed, pilot, floor, belief, belief.centre) for floor in floors]
    best = int(np.argmax([reached for _, reached in fits]))
    parameters, floor = fits[best][0], floors[best]
    if len(pilot) < len(labelled):
        parameters, _ = _fit(observed, labelled, floor, belief, parameters)
    return _described(observed, labelled, floor, belief, parameters)


def _belief(labels: int, evidence: int) -> Belief:
    """No bias, the evidence averaged as it is, and a concentration of a few annotators."""
    centre = np.concatenate([np.zeros(labels), np.full(evidence, 1 / max(evidence, 1)), [np.log(CONCENTRATION)]])
    spread = np.full(len(centre), WEIGHT_SPREAD)
    spread[:labels], spread[-1] = BIAS_SPREAD, LOG_CONCENTRATION_SPREAD
    return Belief(centre, spread)


def _fit(observed: Observations, rows: Rows, floor: float, belief: Belief, start: Array) -> tuple[Array, float]:
    """Parameters, and the log-likelihood that they reach."""
    from scipy.optimize import minimize

    chances = likelihood(observed, rows, floor)

    def loss(parameters: Array) -> tuple[float, Array]:
        value, gradient = chances.value_and_gradient(parameters)
        distance = (parameters - belief.centre) / belief.spread
        return float(distance @ distance) / 2 - value, distance / belief.spread - gradient

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return found.x, chances.value_and_gradient(found.x)[0]


def refit(observed: Observations, fit: LabelFit) -> LabelFit:
    """``fit`` anew to other items with the same evidence, its floor kept; its errors and log-likelihood stay."""
    labels, rows = len(fit.bias), np.flatnonzero(observed.counts.sum(axis=1))
    found, _ = _fit(observed, rows, fit.floor, fit.belief, fit.parameters)
    concentration = float(np.exp(np.clip(found[-1], LEAST_LOG, MOST_LOG)))
    return replace(fit, bias=found[:labels], weights=found[labels:-1], concentration=concentration)


def likelihood(observed: Observations, rows: Rows, floor: float) -> Marginal:
    """Of the labels of ``rows``."""
    counts = observed.counts[rows]
    evidence = tuple(one.take(rows) for one in observed.evidence)
    exposure = None if observed.exposure is None else observed.exposure[rows]
    return Marginal(counts, opinions(evidence, floor, len(rows), counts.shape[1]), exposure)


def covariance(gradients: Iterable[Array], belief: Belief) -> Array:
    """Of fitted parameters (P, P), by the outer products of the items' ``gradients`` (n, P), in blocks.

    Source: Berndt, Hall, Hall and Hausman (1974), Annals of Economic and Social Measurement 3(4).
    """
    information = np.diag(belief.spread**-2.0) + sum(block.T @ block for block in gradients)
    found = np.linalg.inv(information)
    symmetric: Array = (found + found.T) / 2
    return symmetric


def _described(observed: Observations, rows: Rows, floor: float, belief: Belief, parameters: Array) -> LabelFit:
    chances = likelihood(observed, rows, floor)
    value, _ = chances.value_and_gradient(parameters)
    spread = covariance(chances.gradients(parameters), belief)
    labels = observed.counts.shape[1]
    # The same number added to all biases changes nothing: their errors are those of their distance from the mean.
    around = np.eye(len(parameters))
    around[:labels, :labels] -= 1 / labels
    return LabelFit(
        names=tuple(one.name for one in observed.evidence),
        bias=parameters[:labels],
        weights=parameters[labels:-1],
        concentration=float(np.exp(parameters[-1])),
        floor=floor,
        errors=np.sqrt(np.diag(around @ spread @ around)),
        belief=belief,
        log_likelihood=value,
    )
