"""Distributions over two labels on a line: each dot is an item, and dots pile up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labeldist.pictures.palette import label_colours, mixed
from labeldist.reports.figures.panels import Array, Flags
from labeldist.reports.figures.style import FAINT, GREY
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 50
MOST_DOTS = 24  # in a pile; where there would be more, bars are drawn


def draw_strip(axes: Axes, shares: Array, labels: Sequence[str], *, undecided: Flags | None = None) -> None:
    """Draw ``shares`` (N, 2) by the share of the second label; ``undecided`` (N,) are drawn hollow."""
    colours = label_colours(2)
    bins, counts = _binned(shares)
    centres = (np.arange(BINS) + 0.5) / BINS
    tints = [mixed(colours, (1 - centre, centre)) for centre in centres.tolist()]
    if counts.max(initial=0) > MOST_DOTS:
        axes.bar(centres, counts, width=1 / BINS, color=tints, edgecolor="white", linewidth=0.3, zorder=3)
    else:
        _dots(axes, shares[:, 1], bins, [tints[at] for at in bins], undecided)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(0, max(counts.max(initial=1), 4) * 1.1)
    axes.axvline(0.5, color=FAINT, linewidth=0.7, linestyle=(0, (3, 1.6)), zorder=1)
    axes.set_ylabel("items", color=GREY)
    axes.set_xlabel(f"all {plain(labels[0], 20)}  ←  share of labels  →  all {plain(labels[1], 20)}")


def _binned(shares: Array) -> tuple[list[int], Array]:
    bins = np.minimum((shares[:, 1] * BINS).astype(np.int64), BINS - 1)
    return bins.tolist(), np.bincount(bins, minlength=BINS).astype(np.float64)


def _dots(axes: Axes, across: Array, bins: Sequence[int], tints: Sequence[str], hollow: Flags | None) -> None:
    heights, piled = [], dict.fromkeys(bins, 0)
    for at in bins:
        heights.append(piled[at] + 0.5)
        piled[at] += 1
    faces = tints if hollow is None else ["white" if open_ else tint for open_, tint in zip(hollow, tints, strict=True)]
    axes.scatter(across, heights, s=22, c=faces, edgecolors=tints, linewidths=1.0, zorder=3, clip_on=False)
