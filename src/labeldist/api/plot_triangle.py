"""``labeldist.plot_triangle``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from labeldist.api.plotting import drawing, sets_of
from labeldist.api.run import Run
from labeldist.core.errors import UsageError
from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.sets import sets_figure
from labeldist.reports.figures.stacked import draw_stacked, order_of
from labeldist.reports.figures.strip import draw_strip
from labeldist.reports.figures.style import require_plots
from labeldist.reports.figures.triangle import draw_triangle

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@overload
def plot_triangle(  # type: ignore[overload-overlap] # a mapping is an object, too
    results: Run | Mapping[str, Any], *, reference: Any = ..., ax: Axes | None = ..., axes: Sequence[Axes] | None = ...
) -> list[Axes]: ...


@overload
def plot_triangle(results: object, *, reference: None = ..., ax: Axes | None = ..., axes: None = ...) -> Axes: ...


@overload
def plot_triangle(results: object, *, reference: object, axes: Sequence[Axes] | None = ...) -> list[Axes]: ...


def plot_triangle(
    results: Any, *, reference: Any = None, ax: Axes | None = None, axes: Sequence[Axes] | None = None
) -> Axes | list[Axes]:
    """Distributions over three labels in a triangle, a point per item; of two labels on a line, of more as bars.

    ``results``: what :func:`labeldist.estimate`, ``judge``, ``predict``, ``describe`` or ``read`` gave, which makes one
    ``Axes``; or a run, or {name: result}, which makes a list, side by side. ``reference``: a source whose references
    are the last of them. Colours mix those of the labels; a hollow point's intervals do not tell which label is first.
    ``ax``, or ``axes`` of the same number: where to draw; for three labels ``plt.subplot(projection="ternary")`` after
    ``import mpltern``. Raises :class:`~labeldist.core.errors.UsageError` for other axes, or for results of other
    labels, and :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots``. Source: arXiv 2412.13942.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from labeldist.api.read import read
    >>> from labeldist.core.item import Annotation, Item
    >>> said = [Annotation("yes"), Annotation("yes"), Annotation("no")]
    >>> found = plot_triangle(read([Item("1", {}, said)], labels=["yes", "no", "unclear"]))
    >>> found.collections[0].get_offsets().shape
    (1, 2)
    """
    require_plots("plot_triangle")
    labels, panels = sets_of(results, reference)
    given = [ax] if ax is not None else axes
    if given is not None:
        _check(given, len(panels), len(labels))
    with drawing(given) as figure:
        if given is None:
            found = sets_figure(panels, labels, figure)
        else:
            found = [*given]
            means = np.mean([panel.shares.mean(axis=0) for panel in panels], axis=0)
            for one, panel in zip(found, panels, strict=True):
                _draw(one, panel, labels, means)
    several = reference is not None or isinstance(results, Run | Mapping)
    return found if several else found[0]


def _draw(ax: Axes, panel: Panel, labels: Sequence[str], means: Any) -> None:
    if len(labels) == 3:
        draw_triangle(ax, panel.shares, labels, undecided=panel.undecided())
    elif len(labels) == 2:
        draw_strip(ax, panel.shares, labels, undecided=panel.undecided())
    else:
        draw_stacked(ax, panel.shares[order_of(panel.shares)], labels, means)


def _check(axes: Sequence[Axes], panels: int, labels: int) -> None:
    if len(axes) != panels:
        raise UsageError(f"{len(axes)} axes for {panels} sets of distributions", hint="give one for each")
    if labels == 3 and not all(hasattr(ax, "set_ternary_lim") for ax in axes):
        raise UsageError(
            "axes that are no triangle", hint='import mpltern, then make them by plt.subplot(projection="ternary")'
        )
