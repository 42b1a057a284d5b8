"""All figures of a view, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labeldist.core.errors import UsageError, shown
from labeldist.datasets.whole import Note
from labeldist.reports.figures.calibration import draw_bins, draw_coverage, shown_coverage
from labeldist.reports.figures.distributions import ITEMS
from labeldist.reports.figures.items import items_figure
from labeldist.reports.figures.learning_curve import METRICS, curve_handles, draw_learning_curve
from labeldist.reports.figures.panels import panels_of
from labeldist.reports.figures.sets import sets_figure
from labeldist.reports.figures.style import FORMATS, WIDTH, require_plots, save, styled
from labeldist.reports.figures.text import plain
from labeldist.reports.figures.worth import draw_worth
from labeldist.reports.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_figures(view: View, folder: Path, *, formats: Sequence[str] = FORMATS, note: Note | None = None) -> list[Path]:
    """Write every figure that ``view`` has data for to ``folder``; returns the files, of which ``note`` is told.

    ``triangle``: the sets of distributions (on a line for two labels, as bars for more than three); ``distributions``:
    the most disputed items; ``calibration``, ``worth``, ``learning_curve``. Equal views make equal files. Raises
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots`` and :class:`UsageError` for a format
    that is none of pdf, svg and png.
    """
    _check_formats(formats)
    require_plots("drawing figures")
    files = []
    with styled():
        for name, draw in FIGURES.items():
            figure = _empty()
            if not draw(view, figure):
                continue
            for format_ in formats:
                files.append(folder / f"{name}.{format_}")
                save(figure, files[-1], note)
    return files


def draw_sets(view: View, figure: Figure) -> bool:
    """The triangle, line or bars; False where no item has a distribution or there is but one label."""
    panels = panels_of(view)
    if not panels or len(view["labels"]) < 2:
        return False
    sets_figure(panels, view["labels"], figure, ordered=view["values"] is not None)
    return True


def draw_items(view: View, figure: Figure, ids: Sequence[str] = ()) -> bool:
    """The items ``ids``, by default the most disputed; False where there are none."""
    panels = panels_of(view)
    chosen = [*ids] or disputed(view)
    if not panels or not chosen:
        return False
    items_figure(panels, chosen, view["labels"], figure, _titles(view))
    return True


def disputed(view: View, most: int = ITEMS) -> list[str]:
    """The ids of the items that people disagree on most; where nobody can, of the least certain estimates."""
    items = view["items"]
    known = [item for item in items if item["disagreement"] is not None]
    if known:
        ranked = sorted(known, key=lambda item: -(item["disagreement"] or 0.0))
    else:
        ranked = sorted(items, key=lambda item: -(item["expected_tvd"] or 0.0))
    return [item["id"] for item in ranked[:most]]


def draw_calibration(view: View, figure: Figure) -> bool:
    """Bins beside coverage, whichever there are; False where there is neither."""
    known = view["calibration"]
    if known is None or not (known["bins"] or known["coverage"]):
        return False
    ranked = sorted(view["sets"], key=lambda one: one["kind"] != "posterior")  # first and blue, as in other figures
    names = [(one["key"], one["name"]) for one in ranked]
    binned = {one["set"] for one in known["bins"]}
    sets = [(key, name) for key, name in names if key in binned]
    parts = [bool(known["bins"]), bool(known["coverage"])]
    figure.set_size_inches(WIDTH if all(parts) else WIDTH * 0.52, 3.1)
    drawn = iter(figure.subplots(1, sum(parts), squeeze=False).ravel())
    if known["bins"]:
        draw_bins(next(drawn), known["bins"], sets, against=known["against"])
    if known["coverage"]:
        draw_coverage(next(drawn), shown_coverage(known["coverage"]), names)
    return True


def draw_saved(view: View, figure: Figure) -> bool:
    """What evidence saves; False where there is none."""
    saves = view["facts"]["saves"]
    if not saves:
        return False
    figure.set_size_inches(WIDTH * 0.62, 0.75 + 0.38 * len(saves))
    draw_worth(figure.subplots(), saves)
    return True


def draw_curve(view: View, figure: Figure) -> bool:
    """The learning curve by both errors; False where nothing was planned."""
    curve = view["learning_curve"]
    if curve is None or not curve["predicted"]:
        return False
    figure.set_size_inches(WIDTH, 2.7)
    drawn = figure.subplots(1, 2)
    for axes, metric in zip(drawn, METRICS, strict=True):
        draw_learning_curve(axes, curve, metric)
    for axes in drawn:
        axes.get_legend().remove()
    handles = curve_handles(drawn[0], curve, "kl")
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4))
    return True


FIGURES: dict[str, Callable[[View, Figure], bool]] = {
    "triangle": draw_sets,
    "distributions": draw_items,
    "calibration": draw_calibration,
    "worth": draw_saved,
    "learning_curve": draw_curve,
}


def _empty() -> Figure:
    from matplotlib.figure import Figure

    return Figure(layout="constrained")


def _check_formats(formats: Sequence[str]) -> None:
    for format_ in formats:
        if format_ not in FORMATS:
            raise UsageError(f"figures as {shown(format_)}", hint=f"use some of: {', '.join(FORMATS)}")


def _titles(view: View) -> dict[str, str]:
    """Ids with their label counts, as long as these are few enough to read."""
    found = {}
    for item in view["items"]:
        counts = item["label_counts"]
        told = f"  ({' : '.join(map(str, counts))})" if np.sum(counts) and len(counts) <= 6 else ""
        found[item["id"]] = plain(item["id"], 22) + told
    return found
