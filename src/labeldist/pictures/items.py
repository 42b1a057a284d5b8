"""All items of a set in one small picture: in a triangle, on a line, or label by label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.pictures.fewer import Array, few, together
from labeldist.pictures.palette import label_colours, mixed
from labeldist.pictures.svg import area, circle, line, rect, room, svg, text

SIDE, TALL = 200.0, 173.2  # of a triangle
GRID = 25  # steps along a side, to which places are rounded
MOST = 5_000  # items that are looked at: more do not change what can be seen
BINS = 24
STRIP = 300.0


def items_picture(
    labels: Sequence[str], shares: Array, *, ordered: bool = False, title: str = "items", of: int | None = None
) -> str:
    """``shares`` (N, K) in a triangle for three labels, on a line for two, else how each label's share is spread.

    Of many items a sample is shown, evenly over their order; ``of``: how many there are where ``shares`` are a sample.
    """
    count = len(shares) if of is None else of
    said = f"{title}: {count:,} item{'' if count == 1 else 's'}"
    some = shares if len(shares) <= MOST else shares[np.linspace(0, len(shares) - 1, MOST).astype(np.intp)]
    some = some[np.isfinite(some).all(axis=1)]
    if not len(some) or len(labels) < 2:
        return ""
    if len(labels) == 3:
        return triangle(labels, some, said)
    if len(labels) == 2:
        return strip(labels, some, said)
    return spread(labels, some, said, ordered=ordered)


def triangle(labels: Sequence[str], shares: Array, title: str) -> str:
    """Each corner is a label; a disk's area goes with the number of items at its place."""
    left, top = 46.0, 18.0
    colours = label_colours(3)
    corners = [(left + SIDE / 2, top), (left, top + TALL), (left + SIDE, top + TALL)]
    parts = [line([*corners, corners[0]])]
    for share in (0.25, 0.5, 0.75):
        parts += [line([_at(corners, a), _at(corners, b)], faint=True, width=0.5) for a, b in _gridlines(share)]
    places, counts = _rounded(shares)
    scale = 5.5 / max(float(counts.max()) ** 0.5, 2.0)
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        x, y = _at(corners, place)
        parts.append(circle(x, y, max(scale * count**0.5, 1.4), mixed(colours, place)))
    parts.append(text(corners[0][0], top - 6, labels[0], anchor="middle"))
    parts += [
        text(x, y + 14, name, anchor="middle", most=14) for (x, y), name in zip(corners[1:], labels[1:], strict=True)
    ]
    return svg(f"{title} between {', '.join(labels)}", SIDE + 2 * left, TALL + top + 20, parts)


def strip(labels: Sequence[str], shares: Array, title: str) -> str:
    """How the share of the second label is spread, from none to all."""
    colours, tall, left = label_colours(2), 54.0, 6.0
    counts, edges = np.histogram(np.clip(shares[:, 1], 0, 1), BINS, (0, 1))
    parts = []
    for count, low in zip(counts.tolist(), edges.tolist(), strict=False):
        high = tall * count / max(int(counts.max()), 1)
        middle = low + 0.5 / BINS
        colour = mixed(colours, (1 - middle, middle))
        if count:
            told = f"{count:,} items: {low:.2f} to {low + 1 / BINS:.2f}"
            parts.append(rect(left + low * STRIP, tall - max(high, 1), STRIP / BINS - 1, max(high, 1), colour, told))
    parts.append(line([(left, tall), (left + STRIP, tall)]))
    parts += [line([(left + share * STRIP, tall), (left + share * STRIP, tall + 3)]) for share in (0, 0.5, 1)]
    parts += [
        text(left, tall + 15, f"all {labels[0]}"),
        text(left + STRIP, tall + 15, f"all {labels[1]}", anchor="end"),
    ]
    return svg(f"{title} between {labels[0]} and {labels[1]}", STRIP + 2 * left, tall + 20, parts)


def spread(labels: Sequence[str], shares: Array, title: str, *, ordered: bool = False) -> str:
    """For each label how its share is spread over the items, from 0 to 1, and its mean."""
    means = shares.mean(axis=0)
    shown, called, colours = few(labels, means, ordered=ordered)
    left, wide, row = room(called), 220.0, 22.0
    parts = []
    for at, (name, colour, share) in enumerate(zip(called, colours, together(shares, shown).T, strict=True)):
        floor = at * row + 18
        counts, _ = np.histogram(np.clip(share, 0, 1), BINS, (0, 1))
        parts += [
            text(left - 6, floor - 3, name, anchor="end"),
            area(_steps(counts.tolist(), left, floor, wide), colour, 0.9),
        ]
        parts.append(line([(left, floor), (left + wide, floor)], width=0.5))
        mean = left + float(share.mean()) * wide
        parts += [
            line([(mean, floor), (mean, floor - 15)], width=1.2),
            text(left + wide + 6, floor - 3, f"{share.mean():.3f}"),
        ]
    floor = len(called) * row + 12
    parts += [text(left, floor, "0"), text(left + wide, floor, "1", anchor="end")]
    return svg(f"{title}: how the share of each of {len(labels)} labels is spread", left + wide + 48, floor + 6, parts)


def _steps(counts: Sequence[int], x: float, floor: float, wide: float) -> list[tuple[float, float]]:
    """The outline of a histogram; the square root of counts, or items without the label would hide all others."""
    most = max(max(counts), 1) ** 0.5
    points = [(x, floor)]
    for at, count in enumerate(counts):
        y = floor - 15 * count**0.5 / most
        points += [(x + wide * at / BINS, y), (x + wide * (at + 1) / BINS, y)]
    return [*points, (x + wide, floor)]


def _rounded(shares: Array) -> tuple[Array, Array]:
    """The places (P, 3) on a grid, and the number of items at each (P,)."""
    top, left = (np.rint(shares[:, at] * GRID).astype(np.int64) for at in (0, 1))
    where, counts = np.unique(top * (2 * GRID) + left, return_counts=True)
    two = np.column_stack([where // (2 * GRID), where % (2 * GRID)]) / GRID
    places = np.column_stack([two, np.clip(1 - two.sum(axis=1), 0, None)])
    return places / places.sum(axis=1, keepdims=True), counts.astype(np.float64)


def _gridlines(share: float) -> list[tuple[list[float], list[float]]]:
    rest = 1 - share
    return [
        ([share, rest, 0], [share, 0, rest]),
        ([rest, share, 0], [0, share, rest]),
        ([rest, 0, share], [0, rest, share]),
    ]


def _at(corners: Sequence[tuple[float, float]], place: Sequence[float]) -> tuple[float, float]:
    pairs = [*zip(corners, place, strict=True)]
    return sum(corner[0] * part for corner, part in pairs), sum(corner[1] * part for corner, part in pairs)
