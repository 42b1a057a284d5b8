"""The cells and differences of an experiment as tables: runs of cells that have the same columns, with their places."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from labeldist.reports.view import ViewExperiment

Table = dict[str, Any]
METRIC, COST = 4, 1  # decimals


def experiment_tables(found: ViewExperiment) -> dict[str, Any]:
    """The tables of the cells, and one of the differences, each cell with the path of its interval."""
    titles = {column["name"]: column["title"] for column in found["columns"]}
    return {"cells": [*_cells(found, titles)], "differences": _differences(found, titles)}


def _cells(found: ViewExperiment, titles: Mapping[str, str]) -> Iterator[Table]:
    numbered = enumerate(found["cells"])
    for names, group in itertools.groupby(numbered, key=lambda pair: frozenset(pair[1]["values"])):
        cells = list(group)
        columns = _columns(cells[0][1]["values"], titles, names)
        decimals = [METRIC if name in titles else COST for name in columns]
        yield {
            "columns": [titles.get(name, name) for name in columns],
            "rows": [_cell(place, cell, columns, decimals) for place, cell in cells],
        }


def _columns(values: Mapping[str, Any], titles: Mapping[str, str], names: frozenset[str]) -> list[str]:
    """The metrics first, as the experiment orders them; what else was counted after them."""
    return [*(name for name in titles if name in names), *(name for name in values if name not in titles)]


def _cell(place: int, cell: Mapping[str, Any], columns: list[str], decimals: list[int]) -> dict[str, Any]:
    paths = [("cells", place, "values", name) for name in columns]
    return {"name": cell["name"], "section": cell["section"], "values": [*zip(paths, decimals, strict=True)]}


def _differences(found: ViewExperiment, titles: Mapping[str, str]) -> Table | None:
    rows: dict[tuple[str, str], dict[str, tuple[str, int]]] = {}
    for place, one in enumerate(found["differences"]):
        rows.setdefault((one["cell"], one["minus"]), {})[one["column"]] = ("differences", place)
    columns = [name for name in titles if any(name in paths for paths in rows.values())]
    if not columns:
        return None
    return {
        "columns": [titles[name] for name in columns],
        "rows": [
            {"name": cell, "minus": minus, "paths": [paths.get(name) for name in columns]}
            for (cell, minus), paths in rows.items()
        ],
    }
