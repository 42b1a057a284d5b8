"""Distributions over three labels in a triangle: each corner is a label, each point an item, as in arXiv 2412.13942."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.pictures.palette import label_colours, mixed
from labeldist.reports.figures.panels import Array, Flags
from labeldist.reports.figures.style import FAINT
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

MOST_POINTS = 1500  # different ones; more are drawn as density
CELLS = 24  # along a side, of density
DENSITY = ("#E3EEF6", "#0072B2", "#07293F")  # from few items to many
LEVELS = (0.5, 1.0, 1.4)  # bits
SMALLEST, LARGEST = 18.0, 260.0  # points squared, of a marker
MEAN: dict[str, Any] = {"marker": "+", "markersize": 8, "color": "black", "mew": 1.5, "linestyle": "", "zorder": 4}
# Where the corners' names begin: above the first, below the others, a little outside.
CORNERS = ((1.04, -0.02, -0.02), (-0.06, 1.12, -0.06), (-0.06, -0.06, 1.12))


def draw_triangle(
    axes: Axes,
    shares: Array,
    labels: Sequence[str],
    *,
    undecided: Flags | None = None,
    density: bool | None = None,
    most: float | None = None,
) -> PolyCollection | None:
    """Draw ``shares`` (N, 3) on ternary ``axes``: the first label on top, the second left, the third right.

    Colours mix those of the corners. Items at one place are one marker, with an area in proportion to their number.
    ``undecided`` (N,): items drawn hollow. ``density``: a count of items per cell in place of points, by default where
    there are more than 1,500 places; ``most``: the count that is darkest. Returns the cells, for a colour bar.
    """
    colours = label_colours(3)
    _frame(axes, labels, colours)
    places, which, counts = places_of(shares)
    if len(places) > MOST_POINTS if density is None else density:
        return _cells(axes, shares, most)
    hollow = np.zeros(len(places), dtype=bool)
    if undecided is not None:
        hollow = np.bincount(which, weights=undecided, minlength=len(places)) * 2 > counts
    _points(axes, places, areas(counts), [mixed(colours, row) for row in places.tolist()], hollow)
    if len(shares) > 1:
        axes.plot(*shares.mean(axis=0)[:, None], **MEAN)
    return None


def places_of(shares: Array) -> tuple[Array, Any, Any]:
    """The different places (P, 3), to three decimals, which each item has (N,), and how many items each has (P,)."""
    places, which, counts = np.unique(shares.round(3), axis=0, return_inverse=True, return_counts=True)
    return places, which.reshape(-1), counts


def areas(counts: Any) -> Array:
    """The areas of markers of so many items, in proportion to them as far as the largest may grow."""
    scale = min(SMALLEST, LARGEST / max(float(np.max(counts, initial=1)), 1.0))
    return np.asarray(np.maximum(counts * scale, 4.0), dtype=np.float64)


def _frame(axes: Any, labels: Sequence[str], colours: Sequence[str]) -> None:
    axes.set_ternary_lim(0, 1, 0, 1, 0, 1)
    for axis in (axes.taxis, axes.laxis, axes.raxis):
        axis.set_ticks([])
        axis.set_visible(False)  # mpltern's ticks take seconds to be placed, and nobody reads numbers off a triangle
    for share in (0.25, 0.5, 0.75):
        for line in (np.eye(3)[[0, 1]], np.eye(3)[[1, 2]], np.eye(3)[[2, 0]]):
            corner = 1 - line.sum(axis=0)
            axes.plot(*(share * corner + (1 - share) * line).T, color="#E6E6E6", linewidth=0.5, zorder=0.5)
    for level, dashes in zip(_isolines(), ((0, (1, 1.6)), (0, (3, 1.6)), (0, (6, 1.6))), strict=True):
        for line in level:
            axes.plot(*line.T, color=FAINT, linewidth=0.7, linestyle=dashes, zorder=2.5)
    for corner, place, label, colour in zip(CORNERS, ("center", "left", "right"), labels, colours, strict=True):
        beside = {"color": _darker(colour), "fontweight": "bold", "fontsize": 8, "clip_on": False}
        axes.text(*corner, plain(label, 18), ha=place, va="bottom" if place == "center" else "top", **beside)


def _points(axes: Any, places: Array, sizes: Array, colours: list[str], hollow: Flags) -> None:
    for flags, drawn in ((~hollow, False), (hollow, True)):
        if not flags.any():
            continue
        own = [colour for colour, here in zip(colours, flags, strict=True) if here]
        look: dict[str, Any] = (
            {"facecolors": "white", "edgecolors": own, "linewidths": 1.1, "alpha": 0.9}
            if drawn
            else {"facecolors": own, "edgecolors": "white", "linewidths": 0.4, "alpha": 0.9}
        )
        axes.scatter(*places[flags].T, s=sizes[flags], marker="o", zorder=3, clip_on=False, **look)


def _cells(axes: Any, shares: Array, most: float | None) -> PolyCollection:
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    corners, counts = cells(shares)
    points = corners.reshape(-1, 3)
    # mpltern's own binning has hexagons, which stick out of the triangle.
    found: PolyCollection = axes.tripcolor(
        *points.T,
        facecolors=np.ma.masked_equal(counts, 0),
        triangles=np.arange(len(points)).reshape(-1, 3),
        cmap=LinearSegmentedColormap.from_list("labeldist", DENSITY),
        norm=LogNorm(1, max(most or counts.max(), 2)),
        zorder=2,
        edgecolors="face",
        linewidths=0.2,
    )
    return found


def cells(shares: Array, count: int = CELLS) -> tuple[Array, Array]:
    """The corners (C, 3, 3) of ``count`` squared equal triangles, and how many items are in each (C,)."""
    scaled = np.clip(shares / shares.sum(axis=1, keepdims=True), 0, 1)[:, :2] * count
    whole = np.minimum(np.floor(scaled), count - 1).astype(np.int64)
    whole[:, 1] = np.minimum(whole[:, 1], count - 1 - whole[:, 0])
    turned = ((scaled - whole).sum(axis=1) > 1) & (whole.sum(axis=1) < count - 1)
    number = np.zeros((count, count, 2))
    np.add.at(number, (whole[:, 0], whole[:, 1], turned.astype(np.int64)), 1)
    at = [(i, j, k) for i in range(count) for j in range(count - i) for k in (0, 1) if i + j + k < count]
    corners = [[(i + k, j + k), (i + 1, j), (i, j + 1)] for i, j, k in at]
    two = np.array(corners, dtype=np.float64) / count
    return np.concatenate([two, 1 - two.sum(axis=2, keepdims=True)], axis=2), number[tuple(np.array(at).T)]


@lru_cache(maxsize=1)
def _isolines() -> list[list[Array]]:
    """Where the entropy has each of LEVELS, as lines of points (P, 3)."""
    from contourpy import contour_generator

    steps = np.linspace(0, 1, 241)
    top, left = np.meshgrid(steps, steps)
    parts = np.stack([top, left, 1 - top - left])
    inside = parts[2] >= -1e-9
    logs = np.log2(np.clip(parts, 1e-300, None))
    entropy = np.where(inside, -(np.clip(parts, 0, None) * logs).sum(axis=0), np.nan)
    found = contour_generator(top, left, np.ma.masked_invalid(entropy), corner_mask=True)
    return [[_on_plane(np.asarray(line)) for line in found.lines(level)] for level in LEVELS]


def _on_plane(line: Array) -> Array:
    return np.column_stack([line, 1 - line.sum(axis=1)])


def _darker(colour: str) -> str:
    """For thin letters on white."""
    return mixed([colour, "#000000"], [0.7, 0.3])
