"""Findings as figures: lines with intervals, or points with intervals, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labeldist.datasets.whole import Note
from labeldist.experiments.findings import Cell, Chart, Findings
from labeldist.experiments.render import titles
from labeldist.reports.figures.style import save, styled
from labeldist.reports.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 3.4  # inches of a panel
POINT_HEIGHT = 0.24  # inches of a row of a chart of points
LEAST_HEIGHT = 2.8
MOST = 80  # characters of a name


def draw_findings(findings: Findings, folder: Path, note: Note) -> list[Path]:
    """Draw each chart to ``figure-N.svg`` in ``folder``; returns the files, of which ``note`` is told.

    Needs the extra ``plots``.

    A chart without any cell that it can show is left out.
    """
    files: list[Path] = []
    for chart in findings.charts:
        cells = [cell for cell in findings.cells if chart.x in cell.factors and chart.series in cell.factors]
        if cells:
            files.append(folder / f"figure-{len(files) + 1}.svg")
            _draw(chart, cells, titles(findings.columns), files[-1], note)
    return files


def _draw(chart: Chart, cells: Sequence[Cell], names: dict[str, str], file: Path, note: Note) -> None:
    from matplotlib.figure import Figure

    numbers = all(isinstance(cell.factors[chart.x], int | float) for cell in cells)
    height = LEAST_HEIGHT if numbers else max(LEAST_HEIGHT, 1 + POINT_HEIGHT * len(cells))
    with styled():
        figure = Figure(figsize=(WIDTH * len(chart.columns), height), layout="constrained")
        panels = figure.subplots(1, len(chart.columns), squeeze=False, sharey=not numbers)[0]
        for panel, column in zip(panels, chart.columns, strict=True):
            (_lines if numbers else _points)(panel, chart, cells, column)
            panel.set_title(names.get(column, column))
            panel.grid(visible=True)
        marks = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))  # each series once
        if len(marks) > 1:
            figure.legend(marks.values(), marks.keys(), loc="outside lower center", ncols=4, frameon=False)
        if chart.title:
            figure.suptitle(plain(chart.title, MOST))
        save(figure, file, note)


def _lines(panel: Axes, chart: Chart, cells: Sequence[Cell], column: str) -> None:
    """A line for each series over a factor that is a number, with its intervals as a band."""
    for series in dict.fromkeys(str(cell.factors[chart.series]) for cell in cells):
        line = sorted(
            (float(cell.factors[chart.x]), cell.values[column])
            for cell in cells
            if str(cell.factors[chart.series]) == series and column in cell.values
        )
        places = [place for place, _ in line]
        drawn = panel.plot(places, [one.value for _, one in line], marker="o", markersize=3, label=plain(series, MOST))
        low, high = [one.low for _, one in line], [one.high for _, one in line]
        if not any(map(math.isnan, (*low, *high))):
            panel.fill_between(places, low, high, alpha=0.15, color=drawn[0].get_color(), linewidth=0)
    panel.set_xlabel(plain(chart.x, MOST))


def _points(panel: Axes, chart: Chart, cells: Sequence[Cell], column: str) -> None:
    """A point for each cell, from the top down, coloured by series."""
    colours = {
        series: f"C{at % 10}" for at, series in enumerate(dict.fromkeys(str(c.factors[chart.series]) for c in cells))
    }
    for place, cell in enumerate(reversed(cells)):
        if column not in cell.values or math.isnan(cell.values[column].value):
            continue
        one, colour = cell.values[column], colours[str(cell.factors[chart.series])]
        series = plain(str(cell.factors[chart.series]), MOST)
        panel.plot([one.value], [place], marker="o", markersize=4, color=colour, linestyle="", label=series)
        if not math.isnan(one.low):
            panel.plot([one.low, one.high], [place, place], color=colour, linewidth=1)
    panel.set_yticks(range(len(cells)), [plain(cell.name, MOST) for cell in reversed(cells)])
