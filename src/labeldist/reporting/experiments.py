"""An experiment's results as a report shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, LabeldistError, Place
from labeldist.datasets.files import read_rows
from labeldist.estimation.stored_fields import Part
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.experiment import EXPERIMENTS
from labeldist.experiments.render import RESULTS
from labeldist.reporting.stored import check_cell, check_difference
from labeldist.reports.view import ViewExperiment


def view_experiment(folder: Path) -> ViewExperiment:
    """The cells and differences in a folder of an experiment; raises :class:`InputError` for what is none."""
    cells: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    for place, row in read_rows(folder / RESULTS):
        if isinstance(row, LabeldistError):
            raise row
        if not isinstance(row, dict) or row.get("kind") not in ("cell", "difference"):
            raise InputError("another row", expected="a cell or a difference of an experiment", place=place)
        part = Part(row, place.file, f"line {place.line}")
        (check_cell if row["kind"] == "cell" else check_difference)(part)
        (cells if row["kind"] == "cell" else differences).append(dict(row))
    if not cells:
        raise InputError("no cell", expected="the results of an experiment", place=Place(folder / RESULTS))
    known = EXPERIMENTS.parts().get(folder.name)
    names = dict.fromkeys(name for cell in cells for name in cell["values"])
    return {
        "title": folder.name if known is None else known.title,
        "question": "" if known is None else known.question,
        "columns": [_column(name) for name in names],
        "cells": cells,
        "differences": differences,
        "notes": [],
    }


def _column(name: str) -> dict[str, Any]:
    """How a column is titled, and which way is better."""
    known = METRICS.parts().get(name)
    title, higher = (name, None) if known is None else (known.title, known.higher_is_better)
    return {"name": name, "title": title, "higher_is_better": higher}
