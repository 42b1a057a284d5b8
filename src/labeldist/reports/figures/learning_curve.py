"""What further labels buy: the error to expect by labels per item and evidence, with bands, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labeldist.pictures.palette import OKABE_ITO
from labeldist.reports.figures.style import DASHES, GREY, MARKERS
from labeldist.reports.figures.worth import evidence_name
from labeldist.reports.view import CurvePoint, LearningCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = {"kl": "KL divergence", "tvd": "total variation distance"}


def draw_learning_curve(axes: Axes, curve: LearningCurve, metric: str = "kl") -> None:
    """Draw the expected error by ``metric`` (kl or tvd), a line with its 90% band for each evidence.

    A vertical line marks the labels per item at hand; of KL, large hollow markers are errors measured on references.
    """
    from matplotlib.ticker import MaxNLocator

    kinds = list(dict.fromkeys(tuple(point["evidence"]) for point in curve["predicted"]))
    looks = {evidence: _look(at) for at, evidence in enumerate(kinds)}
    for evidence, look in looks.items():
        _line(axes, [point for point in curve["predicted"] if tuple(point["evidence"]) == evidence], metric, look)
    for point in curve["measured"] if metric == "kl" else ():
        look = looks.get(tuple(point["evidence"]), {"color": GREY, "marker": "o"})
        axes.plot([point["labels"]], [point["kl"]], linestyle="", marker=look["marker"], markersize=7.5, mfc="white",
                  mec=look["color"], mew=1.4, zorder=5)  # fmt: skip
    now = curve["labels_now"]
    axes.axvline(now, color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    axes.annotate(f"{now:.3g} now", (now, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
                  ha="center", va="bottom", color=GREY, fontsize=7)  # fmt: skip
    axes.set_xlabel("labels per item")
    axes.set_ylabel(f"expected {METRICS[metric]}")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.02)
    axes.grid(visible=True)
    axes.legend(handles=curve_handles(axes, curve, metric), loc="upper right")


def _line(axes: Axes, points: Sequence[CurvePoint], metric: str, look: dict[str, Any]) -> None:
    line = sorted(points, key=lambda point: point["labels"])
    across = [point["labels"] for point in line]
    values, low, high = (
        [_value(point, name) for point in line] for name in (metric, f"{metric}_low", f"{metric}_high")
    )
    axes.fill_between(across, low, high, color=look["color"], alpha=0.15, linewidth=0, zorder=2)
    name = evidence_name(line[0]["evidence"])
    axes.plot(across, values, label=name, markersize=3.5, markevery=max(len(line) // 10, 1), zorder=3, **look)


def curve_handles(axes: Axes, curve: LearningCurve, metric: str) -> list[Any]:
    """What a legend of the curve shows: its lines, and the mark of what was measured."""
    from matplotlib.lines import Line2D

    handles, _ = axes.get_legend_handles_labels()
    if not curve["measured"] or metric != "kl":
        return handles
    least = min(point["references"] for point in curve["measured"])
    name = f"measured on {least:,} references"
    return [
        *handles,
        Line2D([], [], linestyle="", marker="o", mfc="white", mec=GREY, mew=1.4, markersize=6, label=name),
    ]


def _value(point: CurvePoint, name: str) -> float:
    return float(point[name])  # type: ignore[literal-required]


def _look(at: int) -> dict[str, Any]:
    return {
        "color": OKABE_ITO[at % len(OKABE_ITO)],
        "marker": MARKERS[at % len(MARKERS)],
        "linestyle": DASHES[at % len(DASHES)],
    }
