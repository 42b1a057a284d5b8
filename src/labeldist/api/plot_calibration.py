"""``labeldist.plot_calibration``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.api.plotting import axes_or_new, drawing, reference_set, sets_of
from labeldist.core.errors import UsageError
from labeldist.evaluation.reliability import coverage, reliability
from labeldist.reports.figures.calibration import draw_bins
from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.style import require_plots
from labeldist.reports.view import Bin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labeldist.evaluation.metric import Array

SIZE = (3.4, 3.4)


def plot_calibration(results: Any, *, reference: Any, ax: Axes | None = None) -> Axes:
    """Predicted probabilities against the shares that people gave: on the diagonal they mean what they say.

    ``results``: what :func:`labeldist.estimate`, ``judge``, ``predict`` or ``run`` gave, or {name: one of these};
    ``reference``: a source whose items have references. The probabilities of all labels are put in ten bins; bars are
    95% intervals of what was observed. The title says how often the intervals of a single estimate hold the
    reference; one of few votes is rough itself, and even right intervals miss some. ``ax``: where to draw. Raises
    :class:`~labeldist.core.errors.UsageError` where no item has both, and
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots``.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from labeldist.api.estimate import estimate
    >>> from labeldist.core.item import Annotation, Item
    >>> said = [(Annotation("ok"), Annotation("ok" if at % 3 else "toxic")) for at in range(30)]
    >>> items = [Item(str(at), {}, labels, reference={"ok": 7, "toxic": 3}) for at, labels in enumerate(said)]
    >>> plot_calibration(estimate(items), reference=items).get_xlabel()
    'predicted probability'
    """
    require_plots("plot_calibration")
    labels, panels = sets_of(results)
    other, known = reference_set(reference, labels)
    if other != labels:
        raise UsageError(
            f"references over {', '.join(other)} for results over {', '.join(labels)}", hint="they must be the same"
        )
    bins: list[Bin] = [one for panel in panels for one in _bins(panel, known)]
    names = [(panel.name, panel.name) for panel in panels]
    with drawing(ax) as figure:
        drawn = axes_or_new(ax, figure, *SIZE)
        draw_bins(drawn, bins, names, against="reference")
        if len(panels) == 1 and (told := _told(panels[0], known)):
            drawn.set_title(told, loc="left")
    return drawn


def _bins(panel: Panel, known: Panel) -> list[Bin]:
    mine, observed = _matched(panel, known)
    return [
        {"set": panel.name, "predicted": one.predicted, "observed": one.observed, "low": one.low, "high": one.high,
         "shares": one.shares}
        for one in reliability(panel.shares[mine], observed)
    ]  # fmt: skip


def _told(panel: Panel, known: Panel) -> str:
    if panel.low is None or panel.high is None:
        return ""
    mine, observed = _matched(panel, known)
    found = coverage(panel.low[mine], panel.high[mine], observed)
    return f"intervals hold {found.held:.0%} of references ({found.low:.0%} to {found.high:.0%})"


def _matched(panel: Panel, known: Panel) -> tuple[Any, Array]:
    """Where the items with references are in the panel, and their references."""
    at = known.of(panel.ids)
    mine = [place for place, id_ in enumerate(panel.ids) if id_ in at]
    if not mine:
        raise UsageError(f"no item of {panel.name!r} has a reference", hint="give references of the same items")
    return np.array(mine), known.shares[[at[panel.ids[place]] for place in mine]]
