"""Many labels as few: the most common ones, and the rest together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.pictures.palette import MOST, label_colours

Array = NDArray[np.float64]


def places(means: Array, most: int = MOST) -> list[int]:
    """Which of K labels are shown by themselves, in their order: those with the largest ``means`` (K,).

    >>> places(np.array([0.1, 0.5, 0.3, 0.1]), 2)
    [1, 2]
    """
    if len(means) <= most + 1:  # one alone takes no more room than what would stand for it
        return [*range(len(means))]
    return sorted(np.argsort(-means, kind="stable")[:most].tolist())


def together(shares: Array, shown: Sequence[int]) -> Array:
    """The shares (N, K) of the labels ``shown``, and last, where some are not, of all others together.

    >>> together(np.array([[0.1, 0.5, 0.4]]), [1])
    array([[0.5, 0.5]])
    """
    if len(shown) == shares.shape[1]:
        return shares
    own = shares[:, list(shown)]
    return np.column_stack([own, np.clip(shares.sum(axis=1) - own.sum(axis=1), 0, None)])


def names(labels: Sequence[str], shown: Sequence[int]) -> list[str]:
    """The names that go with :func:`together`.

    >>> names(["a", "b", "c"], [1])
    ['b', '2 others']
    """
    own = [labels[place] for place in shown]
    return own if len(shown) == len(labels) else [*own, f"{len(labels) - len(shown)} others"]


def few(labels: Sequence[str], means: Array, *, ordered: bool = False) -> tuple[list[int], list[str], list[str]]:
    """Of ``labels`` the places shown, the names and the colours; all of them on a scale, where neighbours are alike."""
    shown = [*range(len(labels))] if ordered else places(means)
    called = names(labels, shown)
    return shown, called, label_colours(len(called), ordered=ordered)
