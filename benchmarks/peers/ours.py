"""What needs no other environment: smoothed labels, a calibrated classifier, and labeldist's posterior."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from benchmarks.estimation.classifiers import FLOOR
from benchmarks.estimation.held_out import estimated
from benchmarks.peers.problems import Problem
from benchmarks.populations.smoothing import Array, smoothed

TEMPERATURE = "classifier, temperature-scaled"
OURS = {"dirichlet": "labeldist, prior dirichlet", "mixture": "labeldist, prior mixture"}


def inside(problem: Problem) -> dict[str, Array]:
    """Distributions (N, K) by name."""
    observed = problem.observed
    alone = observed.without_evidence()
    known = {
        "labels, frequencies": smoothed(observed.counts, 0.0),
        "labels, + 0.5 per label": smoothed(observed.counts, 0.5),
        "labels, + 1 per label": smoothed(observed.counts, 1.0),
        TEMPERATURE: tempered(problem.classifier, observed.counts),
    }
    for prior in OURS:
        known[f"{OURS[prior]}, labels alone"] = estimated(alone, prior)
        known[OURS[prior]] = estimated(observed, prior)
    return known


def tempered(said: Array, counts: Array) -> Array:
    """``said`` (N, K) to the power that makes the labels ``counts`` (N, K) most likely, normalised."""
    logarithms = np.log(np.maximum(said, FLOOR))

    def sharpened(power: float) -> Array:
        raised = np.exp(power * (logarithms - logarithms.max(axis=1, keepdims=True)))
        shares: Array = raised / raised.sum(axis=1, keepdims=True)
        return shares

    def cost(power: float) -> float:
        return -float((counts * np.log(sharpened(power))).sum())

    return sharpened(float(minimize_scalar(cost, bounds=(0.01, 20.0), method="bounded").x))
