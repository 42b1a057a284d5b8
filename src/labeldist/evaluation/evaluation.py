"""The record of an evaluation: plain numbers, without numpy, ready for tables and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labeldist.core.frames import frame_of
from labeldist.pictures.forest import forest
from labeldist.pictures.table import html_table

SHOWN = 3  # rows in a line
Kind = Literal["prediction", "baseline", "ceiling"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95% bootstrap interval, and the number of items it was computed from.

    NaN stands for undefined: the value where the metric has none (D.Corr of the uniform distribution), the
    bounds where there is no interval (no resamples, a single item).
    """

    value: float
    low: float
    high: float
    items: int

    def as_dict(self) -> dict[str, float | int | None]:
        """As JSON takes it: None for NaN.

        >>> Interval(0.25, 0.125, math.nan, 3).as_dict()
        {'value': 0.25, 'low': 0.125, 'high': None, 'items': 3}
        """
        bounds = {"value": self.value, "low": self.low, "high": self.high}
        return {**{name: None if math.isnan(x) else x for name, x in bounds.items()}, "items": self.items}


@dataclass(frozen=True, slots=True)
class Column:
    """A metric as a table shows it. ``misleads``: references have too few votes for it to rank predictions."""

    name: str
    title: str
    higher_is_better: bool
    misleads: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One prediction, baseline or human ceiling, its number of items, and its metrics by name.

    ``chance``: of metrics that chance alone raises in small sets, what the same distributions would give if they were
    dealt to the items at random.
    """

    name: str
    kind: Kind
    items: int
    metrics: Mapping[str, Interval]
    chance: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Predictions beside baselines. ``items`` were evaluated; ``left_out`` gives the reason for each one that was not.

    A baseline's row may have fewer items than the evaluation: those with labels. ``reference_note``: what else to know
    of the references. ``votes``: the median number of votes behind them, where that is known. ``kind``: the
    library of the data frame that the items came from.
    """

    task: str
    items: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    resamples: int
    seed: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    reference_note: str | None = None
    votes: float | None = None
    kind: str | None = None

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per prediction, baseline and ceiling, and each metric with its interval's ends.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the items came from, else of one that is
        installed. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        columns: dict[str, list[Any]] = {
            "name": [row.name for row in self.rows],
            "kind": [row.kind for row in self.rows],
            "items": [row.items for row in self.rows],
        }
        for column in self.columns:
            found = [row.metrics[column.name] for row in self.rows]
            columns[column.name] = [one.value for one in found]
            columns[f"{column.name}.low"] = [one.low for one in found]
            columns[f"{column.name}.high"] = [one.high for one in found]
        return frame_of(columns, kind or self.kind)

    def __repr__(self) -> str:
        first = self.columns[0]
        best = f"; {first.title}: " + ", ".join(
            f"{row.name} {row.metrics[first.name].value:.3f}" for row in self.rows[:SHOWN]
        )
        more = ", ..." if len(self.rows) > SHOWN else ""
        return f"Evaluation({self.items:,} items{best}{more})"

    def _repr_html_(self) -> str:
        rows = ((row.name, *(row.metrics[column.name].value for column in self.columns)) for row in self.rows)
        note = "" if self.reference_note is None else f" Reference: {self.reference_note}."
        head = ["", *(column.title for column in self.columns)]
        return html_table(head, rows, f"{self.items:,} items.{note}", above=self._picture())

    def _picture(self) -> str:
        """The first metric of each row, with its interval."""
        first = self.columns[0]
        found = [(row, row.metrics[first.name]) for row in self.rows]
        rows = [(row.name, one.value, one.low, one.high, row.kind != "prediction") for row, one in found]
        return forest(rows, first.title, better="higher is better" if first.higher_is_better else "lower is better")

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it; undefined numbers are None."""
        return {
            "task": self.task,
            "items": self.items,
            "resamples": self.resamples,
            "seed": self.seed,
            "metrics": [
                {
                    "name": column.name,
                    "title": column.title,
                    "higher_is_better": column.higher_is_better,
                    "misleads": column.misleads,
                }
                for column in self.columns
            ],
            "votes": self.votes,
            "rows": [
                {
                    "name": row.name,
                    "kind": row.kind,
                    "items": row.items,
                    "metrics": {name: interval.as_dict() for name, interval in row.metrics.items()},
                    **({"chance": dict(row.chance)} if row.chance else {}),
                }
                for row in self.rows
            ],
            "left_out": dict(self.left_out),
            **({} if self.reference_note is None else {"reference": self.reference_note}),
        }
