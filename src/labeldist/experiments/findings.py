"""What an experiment found: cells with intervals, differences between cells, and how to draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeldist.evaluation.evaluation import Column, Interval

Factor = str | int | float


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of the result: ``factors`` say what was varied and how, ``values`` are numbers by the name of a column.

    ``section``: under which heading of the table it stands.
    """

    name: str
    factors: Mapping[str, Factor]
    values: Mapping[str, Interval]
    section: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As a row of ``results.jsonl``."""
        return {
            "kind": "cell",
            "name": self.name,
            "section": self.section,
            "factors": dict(self.factors),
            "values": {name: interval.as_dict() for name, interval in self.values.items()},
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """The value of ``cell`` minus that of ``other`` in the column ``column``, both on the same draws of the items.

    An interval without 0 says that the two differ.
    """

    cell: str
    other: str
    column: str
    interval: Interval

    def as_dict(self) -> dict[str, Any]:
        """As a row of ``results.jsonl``."""
        return {
            "kind": "difference",
            "cell": self.cell,
            "minus": self.other,
            "column": self.column,
            **self.interval.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure: one panel for each of ``columns``, the factor ``x`` along it, a line for each value of ``series``.

    Only cells that have both factors are drawn. Where ``x`` is text, each cell is a point of its own.
    """

    x: str
    series: str
    columns: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """The cells in the order of the table, and what else an experiment has to say.

    ``columns``: what the values are, in the order of the table. ``notes``: what a reader must know.
    """

    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
