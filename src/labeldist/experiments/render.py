"""Findings as files: one row each in JSONL, tables in Markdown."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labeldist.datasets.files import write_rows, write_text
from labeldist.datasets.whole import Note
from labeldist.evaluation.evaluation import Column, Interval
from labeldist.experiments.experiment import Experiment
from labeldist.experiments.findings import Cell, Difference, Findings
from labeldist.reports.tables import escaped, number, table_line

RESULTS, TABLE = "results.jsonl", "results.md"


def write_findings(experiment: Experiment, findings: Findings, folder: Path, note: Note) -> list[Path]:
    """Write ``results.jsonl`` and ``results.md`` into ``folder``; returns the files, of which ``note`` is told."""
    files = [folder / RESULTS, folder / TABLE]
    write_rows(files[0], _rows(findings), note=note)
    write_text(files[1], markdown(experiment, findings), note=note)
    return files


def markdown(experiment: Experiment, findings: Findings, *, intervals: bool = True) -> str:
    """The question, a table of the cells, a table of the differences, the notes."""
    parts = [f"# {experiment.title}", escaped(experiment.question), cells_tables(findings, intervals=intervals)]
    if findings.differences:
        parts += ["## Differences", differences_table(findings)]
        parts.append("Paired bootstrap over the same draws; differences in bold have an interval without 0.")
    parts += [f"- {escaped(note)}" for note in findings.notes]
    return "\n\n".join(parts) + "\n"


def cells_tables(findings: Findings, *, intervals: bool = True) -> str:
    """All the cells: a table for each run of cells that have the same columns."""
    groups = itertools.groupby(findings.cells, key=lambda cell: frozenset(cell.values))
    return "\n\n".join(_cells_table(tuple(cells), findings.columns, intervals) for _, cells in groups)


def _cells_table(cells: Sequence[Cell], columns: Sequence[Column], intervals: bool) -> str:
    """Cells, section by section, with their intervals in brackets."""
    shown = [column for column in columns if column.name in cells[0].values]
    extra = _costs(cells, columns)
    counted = len({_items(cell) for cell in cells}) > 1
    titles = ["", *(["items"] if counted else []), *(column.title for column in shown), *extra]
    lines = [table_line(titles), table_line(["---", *["---:"] * (len(titles) - 1)])]
    section = ""
    for cell in cells:
        if cell.section != section:
            section = cell.section
            lines.append(table_line([f"*{escaped(section)}*", *[""] * (len(titles) - 1)]))
        values = [_value(cell.values.get(column.name), intervals) for column in shown]
        costs = [_cost(cell.values.get(name)) for name in extra]
        lines.append(table_line([escaped(cell.name), *([str(_items(cell))] if counted else []), *values, *costs]))
    return "\n".join(lines)


def differences_table(findings: Findings) -> str:
    """The differences: a row for each pair of cells, a column for each metric."""
    pairs: dict[tuple[str, str], dict[str, Difference]] = {}
    for one in findings.differences:
        pairs.setdefault((one.cell, one.other), {})[one.column] = one
    shown = [column for column in findings.columns if any(column.name in found for found in pairs.values())]
    titles = ["", *(column.title for column in shown)]
    lines = [table_line(titles), table_line(["---", *["---:"] * len(shown)])]
    for (cell, other), found in pairs.items():
        values = [_difference(found.get(column.name)) for column in shown]
        lines.append(table_line([f"{escaped(cell)} − {escaped(other)}", *values]))
    return "\n".join(lines)


def _rows(findings: Findings) -> Iterator[dict[str, Any]]:
    yield from (cell.as_dict() for cell in findings.cells)
    yield from (one.as_dict() for one in findings.differences)
    yield from ({"kind": "note", "text": note} for note in findings.notes)


def _costs(cells: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    """The values that no column names: what cells cost."""
    known = {column.name for column in columns}
    return list(dict.fromkeys(name for cell in cells for name in cell.values if name not in known))


def _items(cell: Cell) -> int:
    return max((interval.items for interval in cell.values.values()), default=0)


def _value(interval: Interval | None, intervals: bool) -> str:
    if interval is None:
        return ""
    text = number(interval.value)
    if not intervals or math.isnan(interval.low) or math.isnan(interval.value):
        return text
    return f"{text} ({number(interval.low)} to {number(interval.high)})"


def _cost(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.value:,.1f}"


def _difference(found: Difference | None) -> str:
    if found is None or math.isnan(found.interval.value):
        return "" if found is None else "undefined"
    one = found.interval
    text = f"{one.value:+.4f}"
    if math.isnan(one.low):
        return text
    text = f"**{text}**" if one.low > 0 or one.high < 0 else text
    return f"{text} ({one.low:+.4f} to {one.high:+.4f})"


def titles(columns: Sequence[Column]) -> dict[str, str]:
    """The title of each column by its name, as figures show it."""
    return {column.name: column.title for column in columns}
