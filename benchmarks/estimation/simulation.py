"""Data of which the model is exactly right: evidence, a prior made of it, each item's truth, and its labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.labels import FLOORS
from labeldist.estimation.log_pool import log_pool, pooled
from labeldist.estimation.observations import Array, EvidenceArray, Observations


@dataclass(frozen=True, slots=True)
class Truth:
    """Biases (K,), weights (M,) and concentration of the prior from which items are drawn."""

    bias: Array
    weights: Array
    concentration: float

    @property
    def floor(self) -> float:
        """One of those that a fit chooses from, so that the model can be exactly right."""
        return FLOORS[1] / len(self.bias)


def simulated(truth: Truth, items: int, labels_per_item: int, seed: int) -> tuple[Observations, Array]:
    """Observations without references, and each item's distribution (N, K)."""
    generator = np.random.default_rng(seed)
    count = len(truth.bias)
    said = generator.dirichlet(np.ones(count), (items, len(truth.weights)))
    prior = pooled(truth.bias, truth.weights, log_pool(said, truth.floor))
    drawn = generator.standard_gamma(truth.concentration * prior) + np.finfo(float).tiny
    shares: Array = drawn / drawn.sum(axis=1, keepdims=True)
    counts = generator.multinomial(labels_per_item, shares).astype(np.float64)
    evidence = tuple(EvidenceArray(f"model {at}", said[:, at]) for at in range(len(truth.weights)))
    names = tuple(f"label {at}" for at in range(count))
    return Observations(names, tuple(map(str, range(items))), counts, evidence=evidence), shares
