"""The figure of all sets of distributions: a panel for each, in triangles, on lines or as stacked bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.stacked import COLUMNS, draw_stacked, label_patches, order_of
from labeldist.reports.figures.strip import draw_strip
from labeldist.reports.figures.style import FAINT, GREY, WIDTH
from labeldist.reports.figures.text import plain
from labeldist.reports.figures.triangle import LEVELS, MEAN, MOST_POINTS, areas, cells, draw_triangle, places_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3  # triangles in a row
LINE, BAR = 0.18, 0.45  # inches of a line of the legend, of a colour bar
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def sets_figure(panels: Sequence[Panel], labels: Sequence[str], figure: Figure, *, ordered: bool = False) -> list[Axes]:
    """Draw the panels on an empty ``figure``, whose size is set; returns the axes, one per panel."""
    if len(labels) == 3:
        return _triangles(panels, labels, figure)
    if len(labels) == 2:
        return _strips(panels, labels, figure)
    return _bars(panels, labels, figure, ordered=ordered)


def titled(axes: Axes, panels: Sequence[Panel], at: int, **how: Any) -> None:
    """Name a panel; a letter before it where there are several."""
    letter = f"({LETTERS[at]}) " if 1 < len(panels) <= len(LETTERS) else ""
    axes.set_title(f"{letter}{plain(panels[at].name, 34)}", loc="left", **how)


def _triangles(panels: Sequence[Panel], labels: Sequence[str], figure: Figure) -> list[Axes]:
    import mpltern  # noqa: F401 - adds the projection

    dense = [len(places_of(panel.shares)[0]) > MOST_POINTS for panel in panels]
    most = max((cells(panel.shares)[1].max() for panel, many in zip(panels, dense, strict=True) if many), default=None)
    marks = triangle_legend(panels, dense)
    columns = 5 if len(panels) > 1 else 2
    below = LINE * -(-len(marks) // columns) + 0.14 + (BAR if any(dense) else 0)
    drawn = triangle_axes(figure, len(panels), below)
    filled = []
    for at, (axes, panel) in enumerate(zip(drawn, panels, strict=True)):
        look: dict[str, Any] = {"undecided": panel.undecided(), "density": dense[at], "most": most}
        filled.append(draw_triangle(axes, panel.shares, labels, **look))
        titled(axes, panels, at, y=1.13, x=-0.08)
    bar = next((one for one in filled if one is not None), None)
    if bar is not None:
        tall = figure.get_figheight()
        beside = figure.add_axes((0.35, (below - 0.12) / tall, 0.3, 0.07 / tall))
        figure.colorbar(bar, cax=beside, orientation="horizontal", format="{x:g}").set_label(
            "items in a cell", labelpad=1
        )
    figure.legend(handles=marks, loc="lower center", ncols=columns, columnspacing=1.4)
    return drawn


def triangle_axes(figure: Figure, count: int, below: float) -> list[Any]:
    """So many ternary axes of one size on an empty figure: matplotlib's own layout takes seconds for these."""
    across = min(count, 2 if count == 4 else ACROSS)
    down = -(-count // across)
    each = WIDTH / max(across, 2)
    high = each * 1.01
    figure.set_layout_engine("none")
    figure.set_size_inches(each * across, high * down + below)
    tall = high * down + below
    found = []
    for at in range(count):
        row, column = divmod(at, across)
        left, bottom = (column + 0.1) / across, (below + high * (down - 1 - row) + high * 0.1) / tall
        found.append(figure.add_axes((left, bottom, 0.8 / across, high * 0.72 / tall), projection="ternary"))
    return found


def triangle_legend(panels: Sequence[Panel], dense: Sequence[bool]) -> list[Any]:
    """What the marks of triangles mean: sizes, hollow ones and lines of equal entropy."""
    from matplotlib.lines import Line2D

    found = []
    points = [panel for panel, many in zip(panels, dense, strict=True) if not many]
    counts = [int(places_of(panel.shares)[2].max()) for panel in points if len(panel.ids)]
    for number in sorted({1, max(counts)}) if counts else []:
        size = float(areas(np.array([number, max(counts)]))[0]) ** 0.5
        name = "1 item" if number == 1 else f"{number:,} items"
        found.append(Line2D([], [], marker="o", linestyle="", color=GREY, markersize=size, mew=0, label=name))
    if any((hollow := panel.undecided()) is not None and hollow.any() for panel in points):
        name = "intervals of the first two labels overlap"
        found.append(Line2D([], [], marker="o", linestyle="", mfc="white", mec=GREY, markersize=5, label=name))
    if any(len(panel.ids) > 1 for panel in points):
        found.append(Line2D([], [], label="mean", **MEAN))
    bits = ", ".join(f"{level:g}" for level in LEVELS)
    found.append(Line2D([], [], color=FAINT, linestyle=(0, (3, 1.6)), label=f"entropy of {bits} bits"))
    return found


def _strips(panels: Sequence[Panel], labels: Sequence[str], figure: Figure) -> list[Axes]:
    figure.set_size_inches(WIDTH * 0.62, 1.15 * len(panels) + 0.45)
    drawn = [*np.ravel(figure.subplots(len(panels), 1, sharex=True, squeeze=False))]
    for at, (axes, panel) in enumerate(zip(drawn, panels, strict=True)):
        draw_strip(axes, panel.shares, labels, undecided=panel.undecided())
        titled(axes, panels, at)
        if axes is not drawn[-1]:
            axes.set_xlabel("")
    return drawn


def _bars(panels: Sequence[Panel], labels: Sequence[str], figure: Figure, *, ordered: bool) -> list[Axes]:
    """All panels have their items in the order of the last set: that of the reference, else of the posterior."""
    figure.set_size_inches(WIDTH, 0.95 * len(panels) + 0.9)
    drawn = [*np.ravel(figure.subplots(len(panels), 1, sharex=False, squeeze=False))]
    means = np.mean([panel.shares.mean(axis=0) for panel in panels], axis=0)
    last = panels[-1]
    rank = {last.ids[place]: at for at, place in enumerate(order_of(last.shares, ordered=ordered))}
    for at, (axes, panel) in enumerate(zip(drawn, panels, strict=True)):
        order = sorted(range(len(panel.ids)), key=lambda place: rank.get(panel.ids[place], len(rank)))
        draw_stacked(axes, panel.shares[order], labels, means, ordered=ordered)
        titled(axes, panels, at)
        axes.set_xticks([])
    most = max(len(panel.ids) for panel in panels)
    shared = "" if most <= COLUMNS else f", means of about {most / COLUMNS:.0f} neighbours"
    how = ", in the order of the last panel" if len(panels) > 1 and most > 1 else ""
    drawn[-1].set_xlabel(f"{most:,} item{'' if most == 1 else 's'}{how}{shared}")
    figure.legend(handles=label_patches(labels, means, ordered=ordered), loc="outside lower center", ncols=4)
    return drawn
