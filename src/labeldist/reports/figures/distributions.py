"""Distributions of one item side by side: per label a bar for each set, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.pictures.fewer import names, places, together
from labeldist.pictures.palette import mixed
from labeldist.reports.figures.panels import Array, Panel
from labeldist.reports.figures.style import MARKERS
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ITEMS = 6
THICK = 0.8  # of the room between two labels, for all sets together
# By kind, so that a set looks the same in every figure: grey is what annotators said, black what many say.
COLOURS = {
    "labels": ("#A6A6A6",),
    "model": ("#E69F00", "#CC79A7", "#D55E00", "#56B4E9"),
    "posterior": ("#0072B2", "#009E73"),
    "reference": ("#1A1A1A",),
}
SHAPES = {"labels": "s", "model": "^", "posterior": "o", "reference": "D"}


def draw_distributions(
    axes: Axes, shares: Array, low: Array, high: Array, labels: Sequence[str], looks: Sequence[tuple[str, str]]
) -> None:
    """Draw an item's ``shares`` in S sets (S, K), with intervals from ``low`` to ``high`` (S, K), NaN where unknown.

    ``looks``: colour and marker of each set.
    """
    count = len(shares)
    each = THICK / max(count, 1)
    for at, (row, (colour, marker)) in enumerate(zip(shares, looks, strict=True)):
        heights = np.arange(len(labels)) - THICK / 2 + each * (at + 0.5)
        axes.barh(
            heights, row, height=each * 0.62, color=mixed([colour, "#FFFFFF"], [0.25, 0.75]), linewidth=0, zorder=2
        )
        known = ~np.isnan(low[at])
        axes.hlines(heights[known], low[at][known], high[at][known], color=colour, linewidth=1.2, zorder=3)
        axes.plot(row, heights, linestyle="", marker=marker, markersize=4, color=colour, mec="white", mew=0.4, zorder=4,
                  clip_on=False)  # fmt: skip
    axes.set_yticks(range(len(labels)), [plain(label, 16) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)


def looks_of(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    """The colour and the marker of each set, by its kind; further sets of a kind have others."""
    seen: dict[str, int] = {}
    found = []
    for panel in panels:
        at = seen.get(panel.kind, 0)
        seen[panel.kind] = at + 1
        own = COLOURS[panel.kind]
        further = [marker for marker in MARKERS if marker not in SHAPES.values()]
        found.append((own[at % len(own)], SHAPES[panel.kind] if at == 0 else further[(at - 1) % len(further)]))
    return found


def of_item(panels: Sequence[Panel], id_: str, shown: Sequence[int]) -> tuple[Array, Array, Array]:
    """An item's shares in each set and the ends of its intervals (S, M each), NaN where a set lacks it."""
    parts = [_row(panel, id_, shown) for panel in panels]
    shares, low, high = (np.array([part[at] for part in parts]) for at in range(3))
    return shares, low, high


def _row(panel: Panel, id_: str, shown: Sequence[int]) -> tuple[Array, Array, Array]:
    at = panel.of([id_]).get(id_)
    width = panel.shares.shape[1]
    size = len(shown) + (len(shown) < width)
    none = np.full(size, np.nan)
    if at is None:
        return none, none, none
    share = together(panel.shares[at : at + 1], shown)[0]
    if panel.low is None or panel.high is None:
        return share, none, none
    # The others together have no interval: those of single labels do not add up.
    ends = [np.concatenate([side[at][list(shown)], none[len(shown) :]]) for side in (panel.low, panel.high)]
    return share, ends[0], ends[1]


def label_rows(panels: Sequence[Panel], ids: Sequence[str], labels: Sequence[str]) -> tuple[list[int], list[str]]:
    """Which labels have rows of their own for these items, and the names of the rows."""
    rows = [panel.shares[at] for panel in panels for at in panel.of(ids).values()]
    shown = places(np.max(rows, axis=0)) if rows else [*range(len(labels))]
    return shown, names(labels, shown)


def set_handles(panels: Sequence[Panel], looks: Sequence[tuple[str, str]]) -> list[Any]:
    """What a legend of the sets shows; a line where a set has intervals."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.2, label=plain(panel.name, 34),
               linestyle="-" if panel.low is not None else "")
        for panel, (colour, marker) in zip(panels, looks, strict=True)
    ]  # fmt: skip
