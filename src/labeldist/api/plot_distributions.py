"""``labeldist.plot_distributions``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.api.plotting import drawing, sets_of
from labeldist.core.errors import UsageError, shown
from labeldist.reports.figures.distributions import ITEMS, draw_distributions, label_rows, looks_of, of_item
from labeldist.reports.figures.items import items_figure
from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.style import require_plots
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_distributions(
    results: Any, ids: Sequence[str] | None = None, *, reference: Any = None, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """The distributions of single items, side by side with their intervals: an ``Axes`` for each item.

    ``results``: as for :func:`labeldist.plot_triangle`, most telling as {name: result}. ``ids``: the items, by default
    the six that are least clear by the first result. ``reference``: a source whose references go with them. ``axes``:
    where to draw, one per item. Raises :class:`~labeldist.core.errors.UsageError` for an unknown id and
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots``.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from labeldist.api.estimate import estimate
    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> [one.get_title(loc="left") for one in plot_distributions({"posterior": estimate(items)}, ["0", "1"])]
    ['0', '1']
    """
    require_plots("plot_distributions")
    labels, panels = sets_of(results, reference)
    chosen = _unclear(panels[0]) if ids is None else [*ids]
    for id_ in chosen:
        if not any(panel.of([id_]) for panel in panels):
            raise UsageError(f"no item has the id {shown(id_)}", hint=f"the first has {shown(panels[0].ids[0])}")
    titles = {id_: plain(id_, 34) for id_ in chosen}
    if axes is not None and len(axes) != len(chosen):
        raise UsageError(f"{len(axes)} axes for {len(chosen)} items", hint="give one for each")
    with drawing(axes) as figure:
        if axes is None:
            return items_figure(panels, chosen, labels, figure, titles)
        rows, called = label_rows(panels, chosen, labels)
        for ax, id_ in zip(axes, chosen, strict=True):
            draw_distributions(ax, *of_item(panels, id_, rows), called, looks_of(panels))
            ax.set_title(titles[id_], loc="left")
    return [*axes]


def _unclear(panel: Panel) -> list[str]:
    """The items whose two labels of any two people would most often differ."""
    order = np.argsort(np.square(panel.shares).sum(axis=1), kind="stable")
    return [panel.ids[at] for at in order[:ITEMS]]
