"""Stacked bars: a distribution in each row, with the interval of each label's share below it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from labeldist.pictures.fewer import Array, few, together
from labeldist.pictures.svg import line, rect, room, shortened, svg, text

FIRST = 5  # items that are shown by themselves
WIDTH, BAR, ROW = 260.0, 14.0, 26.0


def stacked_bars(
    labels: Sequence[str],
    names: Sequence[str],
    shares: Array,
    low: Array | None = None,
    high: Array | None = None,
    *,
    ordered: bool = False,
    title: str = "distributions",
) -> str:
    """A bar for each row of ``shares`` (R, K); lines from ``low`` to ``high`` (R, K) show each label's interval.

    Labels beyond the seven most common ones are one part, unless they are ``ordered``.
    """
    means = shares.mean(axis=0) if len(shares) else np.zeros(len(labels))
    shown, called, colours = few(labels, means, ordered=ordered)
    left = room(names)
    wide = left + WIDTH + 4
    parts = legend(called, colours, 0, wide)
    top = legend_height(called, wide)
    marks = low is not None and high is not None
    height = ROW + (4.0 * len(shown) - 8 if marks and len(shown) > 2 else 0)
    for at, (name, row) in enumerate(zip(names, together(shares, shown).tolist(), strict=True)):
        y = top + at * height
        parts.append(text(left - 6, y + BAR - 3, name, anchor="end"))
        parts += _bar(left, y, called, colours, row)
        if low is not None and high is not None:
            ends = zip(low[at, shown].tolist(), high[at, shown].tolist(), strict=True)
            parts += _intervals(left, y + BAR + 2.5, colours, [*ends])
    words = f"{title}: {len(names)} rows over {', '.join(called)}"
    return svg(words, wide, top + height * len(names), parts)


def _bar(x: float, y: float, names: Sequence[str], colours: Sequence[str], row: Sequence[float]) -> list[str]:
    parts, at = [], x
    for name, colour, share in zip(names, colours, row, strict=True):
        if share > 0.002:
            parts.append(rect(at, y, share * WIDTH, BAR, colour, f"{shortened(name)} {share:.3f}"))
        at += share * WIDTH
    return parts


def _intervals(x: float, y: float, colours: Sequence[str], ends: Sequence[tuple[float, float]]) -> list[str]:
    """On one scale from 0 to 1, below one another: those of different labels overlap."""
    return [
        line(
            [(x + low * WIDTH, y + 3.5 * at), (x + max(high, low + 0.004) * WIDTH, y + 3.5 * at)],
            colour=colour,
            width=2,
        )
        for at, ((low, high), colour) in enumerate(zip(ends, colours, strict=False))
        if math.isfinite(low)  # an item without an interval has NaN
    ]


def legend(names: Sequence[str], colours: Sequence[str], y: float, width: float = 400.0) -> list[str]:
    """A square in its colour before each name, on as many lines as it takes."""
    parts = []
    for name, colour, (x, row) in zip(names, colours, _places(names, width), strict=True):
        parts += [rect(x, y + row * 16 + 2, 10, 10, colour), text(x + 14, y + row * 16 + 11, name)]
    return parts


def legend_height(names: Sequence[str], width: float = 400.0) -> float:
    """How much room :func:`legend` takes."""
    return 16.0 * (max((row for _, row in _places(names, width)), default=-1) + 1) + 6


def _places(names: Sequence[str], width: float) -> list[tuple[float, int]]:
    places, x, row = [], 0.0, 0
    for name in names:
        wide = room([name]) + 20
        if x and x + wide > width:
            x, row = 0.0, row + 1
        places.append((x, row))
        x += wide
    return places
