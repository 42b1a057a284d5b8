"""The figure of single items: a panel for each, with its distributions in all sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labeldist.reports.figures.distributions import draw_distributions, label_rows, looks_of, of_item, set_handles
from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.style import WIDTH
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3  # items in a row


def items_figure(
    panels: Sequence[Panel], ids: Sequence[str], labels: Sequence[str], figure: Figure, titles: Mapping[str, str]
) -> list[Axes]:
    """Draw a panel for each of the items ``ids`` on an empty ``figure``, whose size is set; returns their axes."""
    rows, called = label_rows(panels, ids, labels)
    across = min(len(ids), ACROSS)
    down = -(-len(ids) // across)
    tall = 0.55 + max(0.12 * len(panels), 0.2) * len(called)
    figure.set_size_inches(WIDTH * (across + 0.4) / (ACROSS + 0.4), tall * down + 0.2 + 0.17 * -(-len(panels) // 4))
    drawn = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    looks = looks_of(panels)
    for axes, id_ in zip(drawn, ids, strict=False):
        draw_distributions(axes, *of_item(panels, id_, rows), called, looks)
        axes.set_title(titles.get(id_, plain(id_, 34)), loc="left")
    for axes in drawn[len(ids) :]:
        axes.remove()
    for axes in drawn[max(len(ids) - across, 0) : len(ids)]:
        axes.set_xlabel("probability")
        axes.tick_params(labelbottom=True)
    figure.legend(handles=set_handles(panels, looks), loc="outside lower center", ncols=min(len(panels), 4))
    return [*drawn[: len(ids)]]
