"""How far the parameters of a fitted prior may be off: draws from their normal approximation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from labeldist.estimation.labels import LabelFit, covariance, likelihood
from labeldist.estimation.likelihood import LEAST_LOG, MOST_LOG
from labeldist.estimation.observations import Observations


def plausible(observed: Observations, fit: LabelFit, draws: int, generator: np.random.Generator) -> Iterator[LabelFit]:
    """Fits whose biases, weights and log concentration are drawn around those of ``fit``, with their covariance.

    Weights of evidence that says much the same are uncertain one by one and not in sum: independent draws from the
    standard errors would make too much of it. Source: Laplace's approximation with the outer product of gradients.

    >>> observed = Observations(("yes", "no"), ("1", "2"), np.array([[3.0, 0.0], [1.0, 2.0]]))
    >>> from labeldist.estimation.labels import fit_labels
    >>> [one.names for one in plausible(observed, fit_labels(observed), 2, np.random.default_rng(0))]
    [(), ()]
    """
    labels, centre = len(fit.bias), fit.parameters
    labelled = np.flatnonzero(observed.counts.sum(axis=1))
    gradients = likelihood(observed, labelled, fit.floor).gradients(centre)
    for one in generator.multivariate_normal(centre, covariance(gradients, fit.belief), size=draws):
        concentration = float(np.exp(np.clip(one[-1], LEAST_LOG, MOST_LOG)))
        yield replace(fit, bias=one[:labels], weights=one[labels:-1], concentration=concentration)
