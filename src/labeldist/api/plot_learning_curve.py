"""``labeldist.plot_learning_curve``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labeldist.api.plotting import axes_or_new, drawing
from labeldist.core.errors import UsageError, shown
from labeldist.core.registry import did_you_mean
from labeldist.estimation.pilot import METRICS, Plan
from labeldist.estimation.plan import Measured, Predicted
from labeldist.reports.figures.learning_curve import draw_learning_curve
from labeldist.reports.figures.style import require_plots
from labeldist.reports.view import CurvePoint, LearningCurve, MeasuredPoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (4.3, 2.9)


def plot_learning_curve(plan: Plan, metric: str = "kl", *, ax: Axes | None = None) -> Axes:
    """The error to expect by labels per item, with 90% bands, for each evidence: what further labels would buy.

    ``plan``: what :func:`labeldist.plan` gave. ``metric``: ``kl`` or ``tvd``. Hollow marks are errors that were
    measured on references; a dotted line marks the labels at hand. ``ax``: where to draw. Raises
    :class:`~labeldist.core.errors.UsageError` for anything else and
    :class:`~labeldist.core.errors.MissingExtraError` without the extra ``plots``.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from labeldist.api.plan import plan
    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> found = plot_learning_curve(plan(items))
    >>> len(found.lines[0].get_xdata())
    21
    """
    require_plots("plot_learning_curve")
    if not isinstance(plan, Plan):
        raise UsageError(f"{shown(type(plan).__name__)} as a plan", hint="give what labeldist.plan gave")
    if metric not in METRICS:
        raise did_you_mean("error", metric, METRICS)
    with drawing(ax) as figure:
        drawn = axes_or_new(ax, figure, *SIZE)
        draw_learning_curve(drawn, _curve(plan), metric)
    return drawn


def _curve(plan: Plan) -> LearningCurve:
    return {
        "labels_now": plan.labels,
        "predicted": [_point(one) for one in plan.predicted],
        "measured": [_measured(one) for one in plan.measured],
        "notes": [*plan.notes],
    }


def _point(one: Predicted) -> CurvePoint:
    found: Any = {**asdict(one), "evidence": [*one.evidence]}
    return found  # type: ignore[no-any-return]


def _measured(one: Measured) -> MeasuredPoint:
    return {
        "evidence": [*one.evidence],
        "labels": one.labels,
        "references": one.references,
        "kl": one.kl,
        "expected_kl": one.expected_kl,
    }
