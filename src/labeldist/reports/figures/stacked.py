"""Distributions over many labels: a bar per item, stacked by label, in an order that shows which items are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labeldist.pictures.fewer import few, together
from labeldist.reports.figures.panels import Array
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

COLUMNS = 300  # more items than this share columns


def draw_stacked(axes: Axes, shares: Array, labels: Sequence[str], means: Array, *, ordered: bool = False) -> None:
    """Draw ``shares`` (N, K) of items in this order; ``means`` (K,) say which labels are common enough to be shown."""
    shown, _, colours = few(labels, means, ordered=ordered)
    parts = columns(together(shares, shown))
    edges = np.linspace(0, len(shares), len(parts) + 1)
    below = np.zeros(len(parts))
    for part, colour in zip(parts.T, colours, strict=True):
        axes.stairs(below + part, edges, baseline=below, fill=True, color=colour, linewidth=0)
        below = below + part
    axes.set_xlim(0, len(shares))
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def label_patches(labels: Sequence[str], means: Array, *, ordered: bool = False) -> list[Patch]:
    """What a legend of the labels shows."""
    from matplotlib.patches import Patch

    _, called, colours = few(labels, means, ordered=ordered)
    return [Patch(color=colour, label=plain(name, 20)) for name, colour in zip(called, colours, strict=True)]


def order_of(shares: Array, *, ordered: bool = False) -> NDArray[np.intp]:
    """The items of ``shares`` (N, K) by their most likely label, the clearest first; on a scale by their mean place."""
    if ordered:
        return np.argsort(shares @ np.arange(shares.shape[1]), kind="stable")
    top = shares.argmax(axis=1)
    return np.lexsort((-shares[np.arange(len(shares)), top], top))


def columns(shares: Array, most: int = COLUMNS) -> Array:
    """At most so many rows: of more items the means of neighbours.

    >>> columns(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), 1)
    array([[0.5, 0.5]])
    """
    if len(shares) <= most:
        return shares
    starts = np.linspace(0, len(shares), most + 1)[:-1].astype(np.intp)
    sizes = np.diff([*starts, len(shares)])
    return np.asarray(np.add.reduceat(shares, starts, axis=0) / sizes[:, None])
