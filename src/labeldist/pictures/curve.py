"""A learning curve: an error by labels per item, a line with its band for each kind of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labeldist.pictures.bars import legend, legend_height
from labeldist.pictures.palette import OKABE_ITO
from labeldist.pictures.svg import area, circle, line, svg, text

WIDTH, TALL = 300.0, 120.0
DASHES = ("", "6 2", "2 2", "6 2 2 2")
# Labels per item, value, and the ends of its interval.
Point = tuple[float, float, float, float]


def learning_curve(
    curves: Mapping[str, Sequence[Point]],
    *,
    now: float | None = None,
    measured: Sequence[tuple[str, float, float]] = (),
    title: str = "expected error by labels per item",
) -> str:
    """Lines with bands, by name; ``now``: labels per item at hand; ``measured``: a name, labels and an error each."""
    points = [point for line_ in curves.values() for point in line_]
    if not points:
        return ""
    most_x = max(max(point[0] for point in points), now or 0, 1e-9)
    most_y = max(max(point[3] for point in points), max((one[2] for one in measured), default=0), 1e-9)
    names = [*curves]
    colours = dict(zip(names, [OKABE_ITO[at % len(OKABE_ITO)] for at in range(len(names))], strict=True))
    left, top = 38.0, legend_height(names, 340) + 6

    def at(x: float, y: float) -> tuple[float, float]:
        return left + WIDTH * x / most_x, top + TALL * (1 - y / most_y)

    parts = legend(names, [colours[name] for name in names], 0, 340)
    for place, (name, found) in enumerate(curves.items()):
        ordered = sorted(found)
        band = [*(at(x, high) for x, _, _, high in ordered), *(at(x, low) for x, _, low, _ in reversed(ordered))]
        parts.append(area(band, colours[name]))
        dash = DASHES[place % len(DASHES)]
        parts.append(line([at(x, y) for x, y, _, _ in ordered], colour=colours[name], width=1.8, dash=dash))
    parts += [
        circle(*at(x, y), 3.5, colours.get(name, "currentColor"), f"measured: {y:.3f}", hollow=True)
        for name, x, y in measured
    ]
    parts += _frame(left, top, most_x, most_y)
    if now is not None:
        parts.append(line([at(now, 0), at(now, most_y)], dash="2 3", width=0.8))
        parts.append(text(at(now, 0)[0] + 3, top + 8, f"{now:.3g} now", size=9))
    return svg(f"{title}: {', '.join(names)}", left + WIDTH + 12, top + TALL + 30, parts)


def _frame(left: float, top: float, most_x: float, most_y: float) -> list[str]:
    floor = top + TALL
    parts = [line([(left, top), (left, floor), (left + WIDTH, floor)])]
    parts += [
        text(left - 4, top + 8, f"{most_y:.2g}", anchor="end", size=9),
        text(left - 4, floor, "0", anchor="end", size=9),
    ]
    parts += [
        text(left, floor + 12, "0", size=9),
        text(left + WIDTH, floor + 12, f"{most_x:.3g}", anchor="end", size=9),
    ]
    return [*parts, text(left + WIDTH / 2, floor + 24, "labels per item", anchor="middle", size=9)]
