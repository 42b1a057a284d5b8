"""Whether probabilities mean what they say: predicted against observed, and how often intervals hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.pictures.palette import OKABE_ITO
from labeldist.reports.figures.style import DASHES, FAINT, GREY, MARKERS
from labeldist.reports.figures.text import plain
from labeldist.reports.view import Bin, Coverage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

APART = 0.008
EXPECTED: dict[str, Any] = {"marker": "|", "markersize": 11, "color": "black", "mew": 1.3, "linestyle": "", "zorder": 4}
ROWS = 8  # labels whose coverage is shown


def draw_bins(axes: Axes, bins: Sequence[Bin], sets: Sequence[tuple[str, str]], *, against: str) -> None:
    """Draw ``bins`` against the diagonal; ``sets``: the keys and names of those that are shown."""
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    for at, (key, name) in enumerate(sets):
        own = sorted((one for one in bins if one["set"] == key), key=lambda one: one["predicted"])
        beside = APART * (at - (len(sets) - 1) / 2)  # so that bars of several sets do not hide one another
        across, up = [one["predicted"] + beside for one in own], [one["observed"] for one in own]
        spread = [[one["observed"] - one["low"] for one in own], [one["high"] - one["observed"] for one in own]]
        axes.errorbar(across, up, np.clip(spread, 0, None), label=plain(name), **_look(at))
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="predicted probability", ylabel=_observed(against))
    axes.grid(visible=True)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    if len(sets) > 1:
        axes.legend(loc="upper left", handlelength=2.6)


def draw_coverage(axes: Axes, coverage: Sequence[Coverage], names: Sequence[tuple[str, str]]) -> None:
    """Draw how often intervals held what was observed, a row per set and label, beside the mass they should hold."""
    called = dict(names)
    several = len({one["set"] for one in coverage}) > 1
    rows = [*coverage]
    sets = list(dict.fromkeys(one["set"] for one in rows))
    for at, one in enumerate(rows):
        look = _look(sets.index(one["set"]) if several else 0)
        spread = np.clip([[one["held"] - one["low"]], [one["high"] - one["held"]]], 0, None)
        axes.errorbar([one["held"]], [at], xerr=spread, **look)
        expected = one.get("expected")  # what right intervals would hold of references of so few votes
        if isinstance(expected, float):
            name = "" if at else "right intervals, with so many votes"
            axes.plot([expected], [at], label=name, **EXPECTED)
    for mass in sorted({one["mass"] for one in rows}):
        axes.axvline(mass, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    least = min((one["low"] for one in rows), default=0.5)
    axes.set_xlim(min(0.5, float(np.floor(least * 10) / 10)), 1.005)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [_row_name(one, called, several=several) for one in rows])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(0, 1.09), handletextpad=0.2)
    masses = ", ".join(f"{mass:.0%}" for mass in sorted({one["mass"] for one in rows}))
    axes.set_xlabel(f"share of {masses} intervals that hold what people gave")


def shown_coverage(coverage: Sequence[Coverage], most: int = ROWS) -> list[Coverage]:
    """The rows there is room for: all labels together, and those labels that miss what is expected by most."""
    whole = [one for one in coverage if one["label"] is None]
    single = [one for one in coverage if one["label"] is not None]
    off = sorted(single, key=lambda one: -abs(one["held"] - one["expected"]))[: max(most - len(whole), 0)]
    return [*whole, *(one for one in single if one in off)]


def _look(at: int) -> dict[str, Any]:
    own = {"color": OKABE_ITO[at % len(OKABE_ITO)], "marker": MARKERS[at % len(MARKERS)]}
    thin = {"linestyle": DASHES[at % len(DASHES)], "linewidth": 0.9, "elinewidth": 1.0}
    return {**own, **thin, "markersize": 4.5, "mec": "white", "mew": 0.4, "zorder": 3, "clip_on": False}


def _row_name(one: Coverage, names: dict[str, str], *, several: bool) -> str:
    label = "all labels" if one["label"] is None else plain(one["label"], 18)
    return f"{label}, {plain(names.get(one['set'], one['set']), 16)}" if several else label


def _observed(against: str) -> str:
    return "share that people gave (reference)" if against == "reference" else "share of labels given"
