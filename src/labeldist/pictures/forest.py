"""A forest plot: a value with its interval in each row."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labeldist.pictures.palette import OKABE_ITO
from labeldist.pictures.svg import circle, line, rect, room, svg, text

WIDTH, ROW = 240.0, 17.0
MOST = 16  # rows
# A name, a value, and the ends of its interval, NaN where unknown; and whether it is one to compare with.
Row = tuple[str, float, float, float, bool]


def forest(rows: Sequence[Row], title: str, *, better: str = "") -> str:
    """Rows from the top; squares are those to compare with. ``better``: which way is, in words."""
    shown = [row for row in rows if math.isfinite(row[1])][:MOST]
    if not shown:
        return ""
    ends = [end for row in shown for end in row[1:4] if math.isfinite(end)]
    low, high = min(0.0, *ends), max(ends)
    wide = (high - low) or 1.0
    left = room([row[0] for row in shown])
    parts = [text(left, 10, f"{title}{f', {better}' if better else ''}", most=60)]
    floor = 18 + ROW * len(shown)
    for at, (name, value, least, most, compared) in enumerate(shown):
        y = 26 + at * ROW
        x, from_, to = (left + WIDTH * (end - low) / wide for end in (value, least, most))
        colour = "#8C8C8C" if compared else OKABE_ITO[0]
        parts.append(text(left - 6, y + 4, name, anchor="end"))
        if math.isfinite(from_) and math.isfinite(to):
            parts.append(line([(from_, y), (to, y)], colour=colour, width=1.6))
        told = f"{name}: {value:.3f} ({least:.3f} to {most:.3f})"
        parts.append(rect(x - 3, y - 3, 6, 6, colour, told) if compared else circle(x, y, 3.6, colour, told))
        parts.append(text(left + WIDTH + 8, y + 4, f"{value:.3f}"))
    parts.append(line([(left, floor + 2), (left + WIDTH, floor + 2)]))
    parts += [
        text(left, floor + 14, f"{low:.2g}", size=9),
        text(left + WIDTH, floor + 14, f"{high:.2g}", anchor="end", size=9),
    ]
    return svg(f"{title} of {len(shown)} rows", left + WIDTH + 48, floor + 18, parts)
