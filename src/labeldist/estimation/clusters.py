"""Annotators of one group are more alike than annotators of two: then their labels tell less than their number says.

Groups (experts and a crowd, two crowds) differ from each other on single items and as a whole. To know what people say,
five labels of one group are fewer than five of different people: with a correlation r within groups, n labels of a
group tell as much as n / (1 + (n - 1) r) independent ones.
Source: Kish (1965), Survey Sampling, section 5.4 (the design effect); the correlation is estimated from pairs of
labels, as kappa is (Fleiss 1971).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from labeldist.estimation.observations import Array

SURE = 2.0  # standard errors
FEWEST_ITEMS = 30


@dataclass(frozen=True, slots=True)
class Clustering:
    """How much likelier two labels of an item agree within a group (``within``) than across groups (``across``).

    ``correlation``: (within - across) / (1 - across), with its standard ``error``; on so many ``items``.
    """

    groups: tuple[str, ...]
    within: float
    across: float
    correlation: float
    error: float
    items: int

    @property
    def sure(self) -> bool:
        """Whether chance does not explain that groups differ."""
        return self.correlation > SURE * self.error


def clustering(groups: Mapping[str, Array]) -> Clustering | None:
    """Of the label counts (N, K) of each group; None with fewer than 30 items that have pairs of both kinds.

    >>> same = {"a": np.tile([2.0, 1.0], (40, 1)), "b": np.tile([1.0, 2.0], (40, 1))}
    >>> found = clustering(same)
    >>> round(found.within, 3), round(found.across, 3), found.correlation < 0
    (0.333, 0.444, True)
    """
    counts = list(groups.values())
    if len(counts) < 2:
        return None
    agree_within = sum((one * (one - 1)).sum(axis=1) for one in counts)
    pairs_within = sum(one.sum(axis=1) * (one.sum(axis=1) - 1) for one in counts)
    agree_across = sum((one * other).sum(axis=1) for one, other in combinations(counts, 2))
    pairs_across = sum(one.sum(axis=1) * other.sum(axis=1) for one, other in combinations(counts, 2))
    both = np.flatnonzero((np.asarray(pairs_within) > 0) & (np.asarray(pairs_across) > 0))
    if len(both) < FEWEST_ITEMS:
        return None
    within = np.asarray(agree_within)[both] / np.asarray(pairs_within)[both]
    across = np.asarray(agree_across)[both] / np.asarray(pairs_across)[both]
    apart = max(1 - float(across.mean()), 1e-9)
    further = within - across
    return Clustering(
        tuple(groups),
        float(within.mean()),
        float(across.mean()),
        float(further.mean()) / apart,
        float(further.std()) / len(both) ** 0.5 / apart,
        len(both),
    )


def independent(counts: Array, groups: Mapping[str, Array], correlation: float) -> Array:
    """What the labels ``counts`` (N, K) tell, as counts of independent ones; labels of no group count as they are.

    >>> independent(np.array([[4.0, 1.0]]), {"a": np.array([[3.0, 0.0]]), "b": np.array([[0.0, 1.0]])}, 0.5).tolist()
    [[2.5, 1.0]]
    """
    whole = counts - sum(groups.values())
    for one in groups.values():
        number = one.sum(axis=1, keepdims=True)
        whole = whole + one / (1 + np.maximum(number - 1, 0) * correlation)
    return whole
