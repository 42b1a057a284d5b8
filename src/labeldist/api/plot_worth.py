"""``labeldist.plot_worth``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labeldist.api.plotting import axes_or_new, drawing
from labeldist.core.errors import UsageError, shown
from labeldist.estimation.estimate import Estimate
from labeldist.estimation.pilot import Plan
from labeldist.estimation.savings import Savings
from labeldist.reports.figures.style import require_plots
from labeldist.reports.figures.worth import draw_worth
from labeldist.reports.view import Saved

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_worth(results: Any, *, ax: Axes | None = None) -> Axes:
    """The labels per item that evidence saves, with 90% intervals: all of it together, then each alone.

    ``results``: what :func:`labeldist.estimate` or :func:`labeldist.plan` gave, or {name: one of these}. ``ax``: where
    to draw. Raises :class:`~labeldist.core.errors.UsageError` where no evidence was calibrated on labels, and
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots``.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from labeldist.api.estimate import estimate
    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> llm = {str(at): {"ok": 0.9 if at % 3 else 0.4, "toxic": 0.1 if at % 3 else 0.6} for at in range(30)}
    >>> found = plot_worth(estimate(items, evidence={"llm": llm}, saw_labels=False))
    >>> [tick.get_text() for tick in found.get_yticklabels()]
    ['llm']
    """
    require_plots("plot_worth")
    named = results.items() if isinstance(results, Mapping) else [("", results)]
    saves = [saved for name, value in named for saved in _saves(name, value)]
    if not saves:
        raise UsageError("no evidence whose worth is known", hint="estimate with evidence, calibrated on labels")
    with drawing(ax) as figure:
        drawn = axes_or_new(ax, figure, 4.3, 0.75 + 0.38 * len(saves))
        draw_worth(drawn, saves)
    return drawn


def _saves(name: str, value: Any) -> list[Saved]:
    if isinstance(value, Estimate):
        found = value.calibration.saves
    elif isinstance(value, Plan):
        found = value.saves
    else:
        raise UsageError(f"{shown(type(value).__name__)} to plot", hint="give what labeldist.estimate or plan gave")
    return [_saved(name, one) for one in found]


def _saved(name: str, one: Savings) -> Saved:
    names = [f"{name}: {evidence}" if name else evidence for evidence in one.evidence]
    return {"evidence": names, "labels": one.labels, "low": one.low, "high": one.high, "in_words": one.in_words()}
