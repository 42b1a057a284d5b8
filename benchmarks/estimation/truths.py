"""Items whose true distributions are known, of kinds that no prior, one prior, or the other is exactly right for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labeldist.estimation.observations import Array, Observations

BASE = np.array([0.5, 0.3, 0.2])
CONCENTRATION = 2.5
# Items that everybody judges alike, one kind per label, items between two labels, and items that nobody agrees on.
KINDS = np.array([[20, 0.6, 0.4], [0.5, 15, 0.5], [0.4, 0.6, 12], [5, 4, 0.5], [0.5, 4, 5], [3, 3, 3]], dtype=float)
SHARES = np.array([0.3, 0.2, 0.1, 0.2, 0.1, 0.1])
SPREAD = np.array([[1.8, 0.4, -0.6], [0.4, 1.2, 0.3], [-0.6, 0.3, 1.5]])  # of the logarithms


def dirichlet(items: int, chance: np.random.Generator) -> Array:
    """Of one kind (N, K)."""
    return chance.dirichlet(CONCENTRATION * BASE, items)


def mixture(items: int, chance: np.random.Generator) -> Array:
    """Each of one of six kinds (N, K)."""
    drawn: Array = np.array([chance.dirichlet(KINDS[kind]) for kind in chance.choice(len(KINDS), items, p=SHARES)])
    return drawn


def logistic_normal(items: int, chance: np.random.Generator) -> Array:
    """Logarithms that are normal, around those of the base rate (N, K); labels go together or exclude each other."""
    raised = np.exp(np.log(BASE) + chance.multivariate_normal(np.zeros(3), SPREAD, items))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


TRUTHS: dict[str, Callable[[int, np.random.Generator], Array]] = {
    "a mixture": mixture,
    "a Dirichlet": dirichlet,
    "logistic normal": logistic_normal,
}


def labelled(truth: Array, count: int, chance: np.random.Generator) -> Observations:
    """``count`` labels of each item, drawn from its true distribution (N, K)."""
    counts = chance.multinomial(count, truth).astype(np.float64)
    names = tuple(f"label {at}" for at in range(truth.shape[1]))
    return Observations(names, tuple(map(str, range(len(truth)))), counts)
